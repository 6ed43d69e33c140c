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
 * The claim of one process to the directory of its node. The directory belongs to one node of one
 * cluster, and only one process at a time uses it.
 */
final class NodeDirectory implements AutoCloseable {
  private static final String OWNER_FILE = "owner";
  private static final int MAX_OWNER_BYTES = 256;

  private final FileChannel channel;

  private NodeDirectory(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Locks the owner file in the directory, and writes or checks the owner. The lock lasts until it
   * is closed or the process ends.
   *
   * @throws StartRefusedException if the directory belongs to another cluster or node, or another
   *     process uses it
   */
  static NodeDirectory claim(Path directory, String cluster, String node) throws IOException {
    String self = cluster + "/" + node;
    FileChannel channel =
        FileChannel.open(
            directory.resolve(OWNER_FILE),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      if (lock(channel) == null) {
        throw new StartRefusedException(
            directory + " is in use by another process; check whether " + node + " already runs");
      }
      String owner = read(channel);
      // A power loss can truncate the owner file.
      if (!owner.endsWith("\n") && self.startsWith(owner)) {
        channel.write(UTF_8.encode(self + "\n"), 0);
        channel.force(true);
      } else if (!owner.strip().equals(self)) {
        throw new StartRefusedException(
            directory
                + " belongs to "
                + owner.strip()
                + ", but this node is "
                + self
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
    ByteBuffer bytes = ByteBuffer.allocate(MAX_OWNER_BYTES);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, bytes.position()) <= 0) {
        break;
      }
    }
    return UTF_8.decode(bytes.flip()).toString();
  }

  /** Releases the directory. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
