package toystore.db.raft.log;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Makes changes to a directory durable. */
public final class DirectorySync {
  private DirectorySync() {}

  /**
   * Syncs a directory, so that the creation, renaming and deletion of its files survive a power
   * loss.
   *
   * @throws IOException if the directory cannot be opened or synced
   */
  public static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
