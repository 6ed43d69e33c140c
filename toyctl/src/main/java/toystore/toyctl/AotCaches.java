package toystore.toyctl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/**
 * The ahead-of-time caches of the distribution (JEP 514): classes of a role, loaded and linked, and
 * the profiles of a training run. They halve what a node's start costs. The JVM checks that a cache
 * fits it and goes on without one that does not, but JDK 25 takes classes from the cache also when
 * their jar has changed (JDK-8377932): a cache older than a jar is not used.
 *
 * @param directory where the caches are
 * @param jars the directory of the jars whose classes they hold
 * @param use whether processes start from their cache, or write it when they end, or neither
 */
record AotCaches(Path directory, Path jars, Use use) {
  private static final String NEW = ".new";

  /** What a process does with the cache of its role. */
  enum Use {
    START_FROM,
    WRITE,
    NEITHER
  }

  /** These caches as processes in training handle them. */
  AotCaches training() {
    return new AotCaches(directory, jars, Use.WRITE);
  }

  /** No caches. */
  AotCaches none() {
    return new AotCaches(directory, jars, Use.NEITHER);
  }

  /** The JVM options with which a process uses, or writes, the cache of this name. */
  List<String> options(String name) {
    return switch (use) {
      case WRITE -> silently("-XX:AOTCacheOutput=" + written(name));
      case START_FROM -> isCurrent(file(name)) ? silently("-XX:AOTCache=" + file(name)) : List.of();
      case NEITHER -> List.of();
    };
  }

  /** Whether a cache was written after all jars, and after the last jar came or went. */
  private boolean isCurrent(Path cache) {
    try (Stream<Path> files = Files.list(jars)) {
      if (!Files.isReadable(cache)) {
        return false;
      }
      FileTime written = Files.getLastModifiedTime(cache);
      for (Path file : Stream.concat(Stream.of(jars), files).toList()) {
        if (Files.getLastModifiedTime(file).compareTo(written) > 0) {
          return false;
        }
      }
      return true;
    } catch (IOException _) {
      // Being replaced just now, say: the start is slower, that is all.
      return false;
    }
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

  /** Puts a cache that a training run wrote in the place of the old one. */
  void adopt(String name) throws IOException {
    Files.move(
        written(name),
        file(name),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }
}
