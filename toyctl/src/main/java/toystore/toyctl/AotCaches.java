package toystore.toyctl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * The ahead-of-time caches of the distribution (JEP 514): classes of a role, loaded and linked, and
 * the profiles of a training run. They halve what a node's start costs. The JVM itself checks that
 * a cache fits it and the jars, and goes on without one that does not.
 *
 * @param use whether processes start from their cache, or write it when they end, or neither
 */
record AotCaches(Path directory, Use use) {
  private static final String NEW = ".new";

  /** What a process does with the cache of its role. */
  enum Use {
    START_FROM,
    WRITE,
    NEITHER
  }

  /** These caches as processes in training handle them. */
  AotCaches training() {
    return new AotCaches(directory, Use.WRITE);
  }

  /** No caches. */
  AotCaches none() {
    return new AotCaches(directory, Use.NEITHER);
  }

  /** The JVM options with which a process uses, or writes, the cache of this name. */
  List<String> options(String name) {
    return switch (use) {
      case WRITE -> silently("-XX:AOTCacheOutput=" + written(name));
      case START_FROM ->
          Files.isReadable(file(name)) ? silently("-XX:AOTCache=" + file(name)) : List.of();
      case NEITHER -> List.of();
    };
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
