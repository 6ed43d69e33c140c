package toystore.db.raft.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests which bytes of a segment file are removed or completed before the file is read. */
class TornTailRepairTest {
  private static final int ZEROS = 4096;

  @TempDir private Path directory = Path.of("");
  private Path file = Path.of("");
  private byte[] intact = {};
  private byte[] last = {};

  @BeforeEach
  void createLog() throws IOException {
    Path current = Files.createDirectories(directory.resolve("group").resolve("current"));
    file = current.resolve("log_inprogress_0");
    Random random = new Random(7);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write("ToyLog01".getBytes(StandardCharsets.US_ASCII));
    for (int length : new int[] {1, 127, 128, 300}) {
      bytes.write(entry(random, length));
    }
    intact = bytes.toByteArray();
    last = entry(random, 200);
  }

  /** An entry whose checksum does not end in zero. */
  private static byte[] entry(Random random, int length) {
    return entry(random, length, false);
  }

  private static byte[] entry(Random random, int length, boolean endsInZero) {
    while (true) {
      byte[] message = new byte[length];
      random.nextBytes(message);
      ByteBuffer entry = ByteBuffer.allocate((length < 128 ? 1 : 2) + length + 4);
      if (length < 128) {
        entry.put((byte) length);
      } else {
        entry.put((byte) ((length & 0x7f) | 0x80)).put((byte) (length >> 7));
      }
      entry.put(message);
      CRC32C crc = new CRC32C();
      crc.update(entry.array(), 0, entry.position());
      entry.putInt((int) crc.getValue());
      if ((entry.get(entry.limit() - 1) == 0) == endsInZero) {
        return entry.array();
      }
    }
  }

  private byte[] repair(byte[]... parts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.write(part);
    }
    Files.write(file, bytes.toByteArray());
    TornTailRepair.repair(directory);
    return Files.readAllBytes(file);
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }

  @Test
  @DisplayName("Complete entries are not changed")
  void completeEntriesAreNotChanged() throws IOException {
    assertThat(repair(intact, last)).isEqualTo(joined(intact, last));
    assertThat(repair(intact, last, new byte[ZEROS]))
        .isEqualTo(joined(intact, last, new byte[ZEROS]));
  }

  @Test
  @DisplayName("An entry without its checksum is removed, wherever its write ended")
  void entryWithoutChecksumIsRemoved() throws IOException {
    for (int written = 1; written <= last.length - 4; written++) {
      byte[] torn = Arrays.copyOf(last, written);

      assertThat(repair(intact, torn, new byte[ZEROS])).as("%d bytes", written).isEqualTo(intact);
      assertThat(repair(intact, torn))
          .as("%d bytes at the end of the file", written)
          .isEqualTo(intact);
    }
  }

  @Test
  @DisplayName("An entry that lacks the last bytes of its checksum is completed")
  void partialChecksumIsCompleted() throws IOException {
    for (int missing = 1; missing < 4; missing++) {
      byte[] torn = Arrays.copyOf(last, last.length - missing);

      assertThat(repair(intact, torn, new byte[ZEROS]))
          .as("without %d bytes", missing)
          .isEqualTo(joined(intact, last, new byte[ZEROS - missing]));
    }
  }

  @Test
  @DisplayName("A checksum whose last byte is zero is completed at the end of the file")
  void missingZeroAtTheEndOfTheFileIsAdded() throws IOException {
    byte[] entry = entry(new Random(11), 200, true);
    byte[] torn = Arrays.copyOf(entry, entry.length - 1);

    assertThat(repair(intact, torn)).isEqualTo(joined(intact, entry));
  }

  @Test
  @DisplayName("An entry that contradicts the first bytes of its checksum is not changed")
  void entryWithWrongChecksumIsNotChanged() throws IOException {
    for (int at = 2; at < last.length - 2; at++) {
      byte[] torn = Arrays.copyOf(last, last.length - 2);
      torn[at] ^= 0x10;

      assertThat(repair(intact, torn, new byte[ZEROS]))
          .as("byte %d", at)
          .isEqualTo(joined(intact, torn, new byte[ZEROS]));
    }
  }

  /** A power failure can remove the end of a file. */
  @Test
  @DisplayName("A checksum that is cut off by the end of the file is completed")
  void checksumCutByTheFileEndIsCompleted() throws IOException {
    for (int missing = 1; missing < 4; missing++) {
      byte[] torn = Arrays.copyOf(last, last.length - missing);

      assertThat(repair(intact, torn)).as("%d bytes", missing).isEqualTo(joined(intact, last));
    }
  }

  @Test
  @DisplayName("A flipped bit is not repaired, wherever it is")
  void flippedBitIsNotRepaired() throws IOException {
    byte[] log = joined(intact, last);
    for (int at = 8; at < log.length; at++) {
      byte[] damaged = log.clone();
      damaged[at] ^= 0x10;

      assertThat(repair(damaged, new byte[ZEROS]))
          .as("byte %d", at)
          .isEqualTo(joined(damaged, new byte[ZEROS]));
    }
  }

  @Test
  @DisplayName("A torn entry that is followed by other bytes is not changed")
  void tornEntryBeforeOtherBytesIsNotChanged() throws IOException {
    byte[] torn = Arrays.copyOf(last, 50);

    assertThat(repair(intact, torn, new byte[ZEROS], last))
        .isEqualTo(joined(intact, torn, new byte[ZEROS], last));
  }

  @Test
  @DisplayName("Closed segments are not changed")
  void closedSegmentsAreNotChanged() throws IOException {
    Path closed = file.resolveSibling("log_0-9");
    Files.write(closed, joined(intact, Arrays.copyOf(last, 50), new byte[ZEROS]));

    TornTailRepair.repair(directory);

    assertThat(Files.size(closed)).isEqualTo(intact.length + 50 + ZEROS);
  }

  @Test
  @DisplayName("A missing directory is ignored")
  void missingDirectoryIsIgnored() throws IOException {
    TornTailRepair.repair(directory.resolve("none"));
  }
}
