package toystore.toyctl.cluster.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The AOT caches of the distribution (JEP 514). The cache of a role contains loaded and linked
 * classes, and profiles from a training run. It halves the CPU time that a node needs to start. The
 * JVM ignores a cache that does not fit the JVM, but JDK 25 uses classes from the cache even if
 * their jar has changed (JDK-8377932). For this reason a stamp of the jars is stored with the
 * caches.
 *
 * @param directory the directory of the caches
 * @param jars the directory of the jars whose classes the caches contain
 * @param use what processes do with the cache of their role
 */
public record AotCaches(Path directory, Path jars, Use use) {
  private static final String NEW = ".new";

  /** What a process does with the cache of its role. */
  enum Use {
    START_FROM,
    /** The process is in training: it writes the cache when it ends. */
    WRITE,
    NEITHER
  }

  /** The same caches, for processes that write them. */
  public AotCaches training() {
    return new AotCaches(directory, jars, Use.WRITE);
  }

  /** The same caches, for processes that neither use nor write them. */
  public AotCaches none() {
    return new AotCaches(directory, jars, Use.NEITHER);
  }

  /** The same caches, but unused if the jars have changed since the caches were made. */
  AotCaches ifCurrent() {
    return use == Use.START_FROM && !areCurrent() ? none() : this;
  }

  /** The JVM options with which a process uses or writes the cache of this name. */
  public List<String> options(String name) {
    return switch (use) {
      case WRITE -> silently("-XX:AOTCacheOutput=" + written(name));
      case START_FROM ->
          Files.isReadable(file(name)) ? silently("-XX:AOTCache=" + file(name)) : List.of();
      case NEITHER -> List.of();
    };
  }

  /** Whether the caches were made from the present jars. */
  private boolean areCurrent() {
    try {
      return Files.readString(stampFile(), UTF_8).equals(stamp(jars));
    } catch (IOException _) {
      // For example a build is replacing the jars. The process starts without a cache.
      return false;
    }
  }

  private Path stampFile() {
    return directory.resolve("jars");
  }

  /**
   * The stamp of the jars: name, size in bytes and modification time in seconds of each jar, one
   * line per jar, sorted by name. {@code bin/toyctl} computes the same stamp.
   */
  public static String stamp(Path jars) throws IOException {
    try (Stream<Path> files = Files.list(jars)) {
      StringBuilder stamp = new StringBuilder();
      for (Path jar : files.sorted(Comparator.comparing(Path::toString)).toList()) {
        stamp
            .append(jar.getFileName())
            .append(' ')
            .append(Files.size(jar))
            .append(' ')
            .append(Files.getLastModifiedTime(jar).to(TimeUnit.SECONDS))
            .append('\n');
      }
      return stamp.toString();
    }
  }

  /** Stores the stamp of the jars from which the caches were made. */
  public void writeStamp(String stamp) throws IOException {
    Files.writeString(stampFile(), stamp, UTF_8);
  }

  // A cache that does not fit does no harm, so the warnings of the JVM are switched off.
  private static List<String> silently(String option) {
    return List.of(option, "-Xlog:aot*=off", "-Xlog:cds*=off");
  }

  private Path file(String name) {
    return directory.resolve(name + ".aot");
  }

  private Path written(String name) {
    return directory.resolve(name + ".aot" + NEW);
  }

  /** Deletes caches that an earlier training run has written but not put in place. */
  public void deleteWritten(List<String> names) throws IOException {
    for (String name : names) {
      Files.deleteIfExists(written(name));
    }
  }

  /**
   * Replaces a cache with the one that a training run has written.
   *
   * @throws IOException also if the written cache is empty, because its JVM crashed
   */
  public void adopt(String name) throws IOException {
    if (Files.size(written(name)) == 0) {
      throw new IOException("the JVM has not written the AOT cache " + written(name));
    }
    Files.move(
        written(name),
        file(name),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }
}
