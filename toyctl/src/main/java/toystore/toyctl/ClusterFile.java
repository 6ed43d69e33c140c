package toystore.toyctl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import toystore.api.Json;
import toystore.api.StoreConfig;

/** {@code cluster.json}: whose data directory this is. */
record ClusterFile(String cluster, int portBase) {
  private static final String NAME = "cluster.json";

  static Path path(Path data) {
    return data.resolve(NAME);
  }

  /** What the data directory says, or null if it says nothing yet. */
  static @Nullable ClusterFile read(Path data) {
    Path file = path(data);
    if (Files.exists(data) && !Files.isDirectory(data)) {
      throw new CliException(
          ExitCode.USAGE,
          "data directory " + data,
          "it is not a directory",
          "toyctl --data OTHER_DIRECTORY up");
    }
    try {
      return Json.fromJson(Files.readAllBytes(file), ClusterFile.class);
    } catch (NoSuchFileException _) {
      return null;
    } catch (IOException e) {
      throw new CliException(
          ExitCode.IN_USE,
          "data directory " + data,
          file + " does not say whose it is: " + Texts.reason(e),
          "toyctl --data OTHER_DIRECTORY up",
          e);
    }
  }

  /**
   * Refuses the data directory of another cluster: its nodes would meet Raft logs that name other
   * addresses, or stop processes that are not theirs.
   */
  static void check(Path data, StoreConfig config) {
    ClusterFile found = read(data);
    if (found == null) {
      return;
    }
    if (!found.cluster.equals(config.cluster())) {
      throw new CliException(
          ExitCode.IN_USE,
          "data directory " + data,
          "it belongs to the cluster '" + found.cluster + "', not to '" + config.cluster() + "'",
          "toyctl --data OTHER_DIRECTORY up");
    }
    if (found.portBase != config.portBase()) {
      throw new CliException(
          ExitCode.IN_USE,
          "data directory " + data,
          "its store uses port base " + found.portBase + ", not " + config.portBase(),
          "toyctl --data " + data + " --port-base " + found.portBase + " status");
    }
  }

  /** Binds the data directory to this cluster, if it is not yet. */
  static void claim(Path data, StoreConfig config) throws IOException {
    if (read(data) == null) {
      Texts.replace(path(data), Json.toJson(new ClusterFile(config.cluster(), config.portBase())));
    }
  }
}
