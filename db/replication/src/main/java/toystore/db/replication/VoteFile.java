package toystore.db.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a member promised (Raft §5.2): the highest term that it has seen, and whom it voted for in
 * it. A text file with a checksum, replaced as a whole.
 */
final class VoteFile {
  static final String NAME = "raft-meta";

  /** A term and a vote in it. */
  record Vote(long term, @Nullable String votedFor) {
    static final Vote NONE = new Vote(0, null);

    private String text() {
      return "term=" + term + "\nvotedFor=" + (votedFor == null ? "" : votedFor) + "\n";
    }
  }

  private final Path file;

  VoteFile(Path directory) {
    this.file = directory.resolve(NAME);
  }

  boolean exists() {
    return Files.exists(file);
  }

  /**
   * @throws IOException if the file is not as it was written
   */
  Vote read() throws IOException {
    String text = Files.readString(file);
    String[] lines = text.split("\n", -1);
    if (lines.length == 4 && lines[0].startsWith("term=") && lines[1].startsWith("votedFor=")) {
      String votedFor = lines[1].substring("votedFor=".length());
      try {
        Vote vote =
            new Vote(
                Long.parseLong(lines[0].substring("term=".length())),
                votedFor.isEmpty() ? null : votedFor);
        if (text.equals(withChecksum(vote))) {
          return vote;
        }
      } catch (NumberFormatException e) {
        throw new IOException(file + " is unreadable", e);
      }
    }
    throw new IOException(file + " is not as it was written, or of an older version");
  }

  private static String withChecksum(Vote vote) {
    CRC32C crc = new CRC32C();
    crc.update(vote.text().getBytes(UTF_8));
    return vote.text() + "crc32c=" + Long.toHexString(crc.getValue()) + "\n";
  }

  /** Writes this vote; it is durable when this returns. */
  void write(Vote vote) {
    Path made = file.resolveSibling(NAME + ".new");
    try (FileChannel channel =
        FileChannel.open(
            made,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(withChecksum(vote).getBytes(UTF_8));
      while (bytes.hasRemaining()) {
        var _ = channel.write(bytes);
      }
      channel.force(true);
      Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
      RaftFiles.sync(java.util.Objects.requireNonNull(file.getParent()));
    } catch (IOException e) {
      throw new UncheckedIOException("a vote cannot be written", e);
    }
  }
}
