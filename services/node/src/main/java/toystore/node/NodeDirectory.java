package toystore.node;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import toystore.node.failure.StartRefusedException;

/**
 * Binds a node's directory to its cluster and name, and to one process at a time: no other node
 * ever writes into it, and nobody sets files aside that a process still works on.
 */
final class NodeDirectory implements AutoCloseable {
  private static final String OWNER_FILE = "owner";
  private static final int LONGEST_OWNER = 256;

  private final FileChannel channel;

  private NodeDirectory(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Marks the directory, or checks the mark that is there, and holds it until it is closed or the
   * process ends.
   *
   * @throws StartRefusedException if it belongs to another cluster or node, or another process
   */
  static NodeDirectory claim(Path directory, String cluster, String node) throws IOException {
    String mine = cluster + "/" + node;
    FileChannel channel =
        FileChannel.open(
            directory.resolve(OWNER_FILE),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      if (lock(channel) == null) {
        throw new StartRefusedException(
            directory + " is in use by another process; see whether " + node + " runs already");
      }
      String owner = read(channel);
      // A power loss may have cut the mark short.
      if (!owner.endsWith("\n") && mine.startsWith(owner)) {
        channel.write(UTF_8.encode(mine + "\n"), 0);
        channel.force(true);
      } else if (!owner.strip().equals(mine)) {
        throw new StartRefusedException(
            directory
                + " belongs to "
                + owner.strip()
                + ", this is "
                + mine
                + "; use another --data DIR");
      }
      return new NodeDirectory(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST_OWNER);
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {
      // The next part.
    }
    return UTF_8.decode(bytes.flip()).toString();
  }

  /** Gives the directory up. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
