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
 * The ahead-of-time caches of the distribution (JEP 514): classes of a role, loaded and linked, and
 * the profiles of a training run. They halve what a node's start costs. The JVM checks that a cache
 * fits it and goes on without one that does not, but JDK 25 takes classes from the cache also when
 * their jar has changed (JDK-8377932): so it is noted what the jars were.
 *
 * @param directory where the caches are
 * @param jars the directory of the jars whose classes they hold
 * @param use whether processes start from their cache, or write it when they end, or neither
 */
public record AotCaches(Path directory, Path jars, Use use) {
  private static final String NEW = ".new";

  /** What a process does with the cache of its role. */
  enum Use {
    START_FROM,
    WRITE,
    NEITHER
  }

  /** These caches as processes in training handle them. */
  public AotCaches training() {
    return new AotCaches(directory, jars, Use.WRITE);
  }

  /** No caches. */
  public AotCaches none() {
    return new AotCaches(directory, jars, Use.NEITHER);
  }

  /**
   * These as they are when this is asked: none if processes would start from them and they do not
   * fit.
   */
  AotCaches current() {
    return use == Use.START_FROM && !fit() ? none() : this;
  }

  /** The JVM options with which a process uses, or writes, the cache of this name. */
  public List<String> options(String name) {
    return switch (use) {
      case WRITE -> silently("-XX:AOTCacheOutput=" + written(name));
      case START_FROM ->
          Files.isReadable(file(name)) ? silently("-XX:AOTCache=" + file(name)) : List.of();
      case NEITHER -> List.of();
    };
  }

  /** Whether the jars are still those that the caches were made from. */
  private boolean fit() {
    try {
      return Files.readString(madeFrom(), UTF_8).equals(stamp(jars));
    } catch (IOException _) {
      // Being replaced just now, say: the start is slower, that is all.
      return false;
    }
  }

  private Path madeFrom() {
    return directory.resolve("jars");
  }

  /**
   * What the jars are, as {@code bin/toyctl} sees it too: name, size and time of each in a line,
   * names as their bytes are ordered.
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

  /** Notes the jars that caches were made from; what they were when training began. */
  public void noteMadeFrom(String stamp) throws IOException {
    Files.writeString(madeFrom(), stamp, UTF_8);
  }

  // A cache that does not fit is no news to anyone: the start is slower, that is all.
  private static List<String> silently(String option) {
    return List.of(option, "-Xlog:aot*=off", "-Xlog:cds*=off");
  }

  private Path file(String name) {
    return directory.resolve(name + ".aot");
  }

  private Path written(String name) {
    return directory.resolve(name + ".aot" + NEW);
  }

  /** Nothing that an earlier training left may be taken for what the next one wrote. */
  public void discardWritten(List<String> names) throws IOException {
    for (String name : names) {
      Files.deleteIfExists(written(name));
    }
  }

  /**
   * Puts a cache that a training run wrote in the place of the old one.
   *
   * @throws IOException also if there is nothing in it: the JVM that made it has crashed
   */
  public void adopt(String name) throws IOException {
    if (Files.size(written(name)) == 0) {
      throw new IOException("the JVM has not written the start-up cache " + written(name));
    }
    Files.move(
        written(name),
        file(name),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }
}
