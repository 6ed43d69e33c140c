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
 * {@code members/NODE} beside the nodes' directories: this node has been a member and may have
 * voted. It lies outside of the node's directory so that it outlives its loss, since a member that
 * has forgotten everything looks like one that is new.
 */
record MembershipMarker(Path file) {
  static MembershipMarker of(Path nodeDirectory) {
    Path directory = nodeDirectory.toAbsolutePath();
    return new MembershipMarker(
        directory.resolveSibling("members").resolve(directory.getFileName()));
  }

  boolean isThere() {
    return Files.exists(file);
  }

  /** Makes the mark, durably: from here on this node may vote. */
  void make() {
    if (isThere()) {
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
      throw new StorageException("the mark " + file + " cannot be made", e);
    }
  }
}
