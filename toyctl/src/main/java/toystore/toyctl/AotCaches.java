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
 * @param training whether processes shall write their cache when they end, instead of using it
 */
record AotCaches(Path directory, boolean training) {
  private static final String NEW = ".new";

  /** The JVM options with which a process uses, or writes, the cache of this name. */
  List<String> options(String name) {
    if (training) {
      return silently("-XX:AOTCacheOutput=" + written(name));
    }
    return Files.isReadable(file(name)) ? silently("-XX:AOTCache=" + file(name)) : List.of();
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
