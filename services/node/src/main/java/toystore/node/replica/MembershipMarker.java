package toystore.node.replica;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import toystore.db.storage.StorageException;

/**
 * The file {@code members/NODE} beside the directories of the nodes. It records that the node has
 * been a member of its group and may have voted. It lies outside of the node's directory and
 * outlives its loss: a member that has lost all its files would otherwise look like a new one.
 */
record MembershipMarker(Path file) {
  static MembershipMarker of(Path nodeDirectory) {
    Path directory = nodeDirectory.toAbsolutePath();
    return new MembershipMarker(
        directory.resolveSibling("members").resolve(directory.getFileName()));
  }

  boolean exists() {
    return Files.exists(file);
  }

  /** Creates the marker, and syncs it. From now on the node may vote. */
  void create() {
    if (exists()) {
      return;
    }
    try {
      Path directory = Files.createDirectories(Objects.requireNonNull(file.getParent()));
      Files.writeString(file, file.getFileName() + " has been a member of its group\n", UTF_8);
      for (Path written : new Path[] {file, directory}) {
        try (FileChannel channel = FileChannel.open(written, StandardOpenOption.READ)) {
          channel.force(true);
        }
      }
    } catch (IOException e) {
      throw new StorageException("cannot create the membership marker " + file, e);
    }
  }
}
