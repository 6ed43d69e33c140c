package toystore.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Binds a node's directory to its cluster and name, so that no other node ever writes into it. */
final class NodeDirectory {
  private static final String OWNER_FILE = "owner";

  private NodeDirectory() {}

  /**
   * Marks the directory, or checks the mark that is there.
   *
   * @throws ConfigurationFailure if it belongs to another cluster or node
   */
  static void claim(Path directory, String cluster, String node) throws IOException {
    String mine = cluster + "/" + node;
    Path file = directory.resolve(OWNER_FILE);
    if (!Files.exists(file)) {
      Files.writeString(file, mine + "\n", UTF_8);
      return;
    }
    String owner = Files.readString(file, UTF_8).strip();
    if (!owner.equals(mine)) {
      throw new ConfigurationFailure(
          directory + " belongs to " + owner + ", this is " + mine + "; use another --data DIR");
    }
  }
}
