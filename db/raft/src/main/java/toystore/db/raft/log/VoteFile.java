package toystore.db.raft.log;

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
import toystore.db.raft.core.PersistentState;

/**
 * What a member promised (Raft §5.2): the highest term that it has seen, and whom it voted for in
 * it. A text file with a checksum, replaced as a whole.
 */
public final class VoteFile {
  public static final String NAME = "raft-meta";

  private final Path file;

  public VoteFile(Path directory) {
    this.file = directory.resolve(NAME);
  }

  public boolean exists() {
    return Files.exists(file);
  }

  /**
   * @throws IOException if the file is not as it was written
   */
  public PersistentState read() throws IOException {
    String text = Files.readString(file);
    String[] lines = text.split("\n", -1);
    if (lines.length == 4 && lines[0].startsWith("term=") && lines[1].startsWith("votedFor=")) {
      String votedFor = lines[1].substring("votedFor=".length());
      try {
        PersistentState vote =
            new PersistentState(
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

  private static String withChecksum(PersistentState vote) {
    String text =
        "term="
            + vote.term()
            + "\nvotedFor="
            + (vote.votedFor() == null ? "" : vote.votedFor())
            + "\n";
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(UTF_8));
    return text + "crc32c=" + Long.toHexString(crc.getValue()) + "\n";
  }

  /** Writes this vote; it is durable when this returns. */
  public void write(PersistentState vote) {
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
      DirectorySync.sync(java.util.Objects.requireNonNull(file.getParent()));
    } catch (IOException e) {
      throw new UncheckedIOException("a vote cannot be written", e);
    }
  }
}
