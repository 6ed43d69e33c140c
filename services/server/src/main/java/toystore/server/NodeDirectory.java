package toystore.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

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
      write(file, mine + "\n");
      return;
    }
    String owner = Files.readString(file, UTF_8).strip();
    if (!owner.equals(mine)) {
      throw new ConfigurationFailure(
          directory + " belongs to " + owner + ", this is " + mine + "; use another --data DIR");
    }
  }

  /**
   * All of it or nothing, and for good: after a power loss an empty mark would keep the node from
   * its own directory.
   */
  private static void write(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = UTF_8.encode(text);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
