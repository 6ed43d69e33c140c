package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A bug for the checkers to find. A few lines in the sources of the store are changed, and the
 * changed classes are compiled into a directory that comes before the distribution on the class
 * path of the nodes. So the distribution needs no switches for bugs, and a change of the sources
 * that makes a bug ineffective is noticed.
 */
enum PlantedBug {
  /** The order log forgets order ids, so a repeated purchase becomes a second order. */
  FORGOTTEN_ORDER_IDS(
      new Change("UnwrittenOrders.java", "return byOrderId\\.get\\(orderId\\);", "return null;"),
      new Change("OrderTables.java", "WHERE order_id = ", "WHERE FALSE AND order_id = "),
      // The scrub uses the index too, and would halt the node before a client notices anything.
      new Change("OrderVerification.java", "!found\\.contains\\(row\\)", "false"),
      new Change(
          "V1__order_log.sql",
          "UNIQUE INDEX IF NOT EXISTS orders_by_id",
          "INDEX IF NOT EXISTS orders_by_id")),

  /** A hold whose stock was released can still be used by a late entry. */
  MISSING_TOMBSTONE(
      new Change(
          "OrderStateMachine.java",
          "changes\\.add\\(tombstones\\.add\\(holdId, logTimeMs, position\\.index\\(\\)\\)\\);",
          ";")),

  /** The position of the last entry is committed in one transaction, and its row in the next. */
  TORN_APPLY(
      new Change(
          "WriteBehind.java",
          "sink\\.write\\(connection, changes\\);",
          """
          List<C> now = new ArrayList<>(late);
          now.addAll(changes);
          int kept = now.size() > 2 ? now.size() - 2 : now.size();
          late = List.copyOf(now.subList(kept, now.size()));
          sink.write(connection, now.subList(0, kept));
          """),
      // Rows stay in memory: otherwise readers would miss the late rows even without a crash.
      new Change("WriteBehind.java", "onPersisted\\.accept\\(position\\);", ";"),
      new Change(
          "WriteBehind.java",
          "private final Sink<C> sink;",
          "$0\n  private List<C> late = List.of();")),

  /** The product cache ignores invalidations. */
  IGNORED_INVALIDATIONS(
      new Change("ProductCache.java", "current\\.entries\\.(remove|invalidate)\\(n\\);", ";"));

  private static final Path HOME = Path.of(System.getProperty("toyctl.home"));

  /**
   * A change of one file.
   *
   * @param file the name of a source or resource of the store
   * @param pattern a regular expression that must occur in the file
   * @param replacement the replacement of every occurrence
   */
  private record Change(String file, String pattern, String replacement) {}

  @SuppressWarnings("ImmutableEnumChecker") // so is List.of
  private final List<Change> changes;

  PlantedBug(Change... changes) {
    this.changes = List.of(changes);
  }

  /** Compiles the changed sources and returns the directory with the classes. */
  Path plant(Path directory) throws IOException {
    Path sources = Files.createDirectories(directory.resolve("planted-sources"));
    Path classes = Files.createDirectories(directory.resolve("planted"));
    List<Path> changed = new ArrayList<>();
    for (Change change : changes) {
      Path original = find(change.file);
      Path copy =
          change.file.endsWith(".java")
              ? sources.resolve(change.file)
              : classes.resolve(insideResources(original));
      Files.createDirectories(Objects.requireNonNull(copy.getParent()));
      String text = Files.readString(Files.exists(copy) ? copy : original, UTF_8);
      assertThat(text).as(original.toString()).containsPattern(change.pattern);
      Files.writeString(
          copy, Pattern.compile(change.pattern).matcher(text).replaceAll(change.replacement));
      if (change.file.endsWith(".java") && !changed.contains(copy)) {
        changed.add(copy);
      }
    }
    compile(changed, classes);
    return classes;
  }

  private static Path find(String name) throws IOException {
    try (Stream<Path> files = Files.walk(HOME)) {
      return files
          .filter(file -> file.endsWith(name))
          .filter(
              file -> HOME.relativize(file).toString().contains(Path.of("src", "main").toString()))
          .findFirst()
          .orElseThrow(() -> new AssertionError("the sources of the store do not contain " + name));
    }
  }

  private static Path insideResources(Path file) {
    for (int i = 0; i < file.getNameCount(); i++) {
      if (file.getName(i).toString().equals("resources")) {
        return file.subpath(i + 1, file.getNameCount());
      }
    }
    throw new AssertionError(file + " is not a resource");
  }

  private static void compile(List<Path> sources, Path classes) throws IOException {
    if (sources.isEmpty()) {
      return;
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter out = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
      boolean done =
          compiler
              .getTask(
                  out,
                  files,
                  null,
                  List.of("-d", classes.toString(), "-cp", distribution(), "-proc:none"),
                  null,
                  files.getJavaFileObjectsFromPaths(sources))
              .call();
      assertThat(done).as(out.toString()).isTrue();
    }
  }

  private static String distribution() throws IOException {
    try (Stream<Path> jars = Files.list(HOME.resolve("toyctl/cli/target/dist/lib"))) {
      return jars.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
  }
}
