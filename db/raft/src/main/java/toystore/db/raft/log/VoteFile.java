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
import java.util.Objects;
import java.util.zip.CRC32C;
import toystore.db.raft.core.PersistentState;

/**
 * The file that holds a member's {@link PersistentState}: its term and its vote. It is a text file
 * with a checksum. Each write replaces the whole file atomically.
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
   * Reads the file and verifies its checksum.
   *
   * @throws IOException if the file cannot be read or is damaged
   */
  public PersistentState read() throws IOException {
    String text = Files.readString(file);
    String[] lines = text.split("\n", -1);
    if (lines.length == 4 && lines[0].startsWith("term=") && lines[1].startsWith("votedFor=")) {
      String votedFor = lines[1].substring("votedFor=".length());
      try {
        PersistentState state =
            new PersistentState(
                Long.parseLong(lines[0].substring("term=".length())),
                votedFor.isEmpty() ? null : votedFor);
        if (text.equals(withChecksum(state))) {
          return state;
        }
      } catch (NumberFormatException e) {
        throw new IOException(file + " is unreadable", e);
      }
    }
    throw new IOException(file + " is damaged, or was written by an older version");
  }

  private static String withChecksum(PersistentState state) {
    String text =
        "term="
            + state.term()
            + "\nvotedFor="
            + (state.votedFor() == null ? "" : state.votedFor())
            + "\n";
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(UTF_8));
    return text + "crc32c=" + Long.toHexString(crc.getValue()) + "\n";
  }

  /** Writes a term and a vote; they are durable when this method returns. */
  public void write(PersistentState state) {
    Path temporary = file.resolveSibling(NAME + ".new");
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(withChecksum(state).getBytes(UTF_8));
      while (bytes.hasRemaining()) {
        var _ = channel.write(bytes);
      }
      channel.force(true);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      DirectorySync.sync(Objects.requireNonNull(file.getParent()));
    } catch (IOException e) {
      throw new UncheckedIOException("the term and the vote cannot be written", e);
    }
  }
}
