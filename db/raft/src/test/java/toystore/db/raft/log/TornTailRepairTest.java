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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a segment file is cut off before it is read. */
class TornTailRepairTest {
  private static final int ZEROS = 4096;

  @TempDir private Path directory = Path.of("");
  private Path file = Path.of("");
  private byte[] whole = {};
  private byte[] last = {};

  @BeforeEach
  void makeALog() throws IOException {
    Path current = Files.createDirectories(directory.resolve("group").resolve("current"));
    file = current.resolve("log_inprogress_0");
    Random random = new Random(7);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write("ToyLog01".getBytes(StandardCharsets.US_ASCII));
    for (int length : new int[] {1, 127, 128, 300}) {
      bytes.write(entry(random, length));
    }
    whole = bytes.toByteArray();
    last = entry(random, 200);
  }

  /** One whose checksum does not end in zero. */
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

  private byte[] cut(byte[]... parts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.write(part);
    }
    Files.write(file, bytes.toByteArray());
    TornTailRepair.mend(directory);
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
  void wholeEntriesAreLeftAlone() throws IOException {
    assertThat(cut(whole, last)).isEqualTo(joined(whole, last));
    assertThat(cut(whole, last, new byte[ZEROS])).isEqualTo(joined(whole, last, new byte[ZEROS]));
  }

  @Test
  void anEntryWithoutItsChecksumIsCutOffWhereverItsWriteEnded() throws IOException {
    for (int written = 1; written <= last.length - 4; written++) {
      byte[] torn = Arrays.copyOf(last, written);

      assertThat(cut(whole, torn, new byte[ZEROS])).as("%d bytes", written).isEqualTo(whole);
      assertThat(cut(whole, torn)).as("%d bytes at the end", written).isEqualTo(whole);
    }
  }

  @Test
  void anEntryThatLacksTheEndOfItsChecksumIsCompleted() throws IOException {
    for (int missing = 1; missing < 4; missing++) {
      byte[] torn = Arrays.copyOf(last, last.length - missing);

      assertThat(cut(whole, torn, new byte[ZEROS]))
          .as("without %d bytes", missing)
          .isEqualTo(joined(whole, last, new byte[ZEROS - missing]));
    }
  }

  @Test
  void anEntryThatLacksTheZeroAtTheEndOfTheFileIsGivenIt() throws IOException {
    byte[] entry = entry(new Random(11), 200, true);
    byte[] torn = Arrays.copyOf(entry, entry.length - 1);

    assertThat(cut(whole, torn)).isEqualTo(joined(whole, entry));
  }

  @Test
  void anEntryThatTheBeginningOfItsChecksumContradictsIsLeftAlone() throws IOException {
    for (int at = 2; at < last.length - 2; at++) {
      byte[] torn = Arrays.copyOf(last, last.length - 2);
      torn[at] ^= 0x10;

      assertThat(cut(whole, torn, new byte[ZEROS]))
          .as("byte %d", at)
          .isEqualTo(joined(whole, torn, new byte[ZEROS]));
    }
  }

  /** With the power a file can lose its end. */
  @Test
  void anEntryThatTheFileEndsInTheChecksumOfIsCompleted() throws IOException {
    for (int missing = 1; missing < 4; missing++) {
      byte[] torn = Arrays.copyOf(last, last.length - missing);

      assertThat(cut(whole, torn)).as("%d bytes", missing).isEqualTo(joined(whole, last));
    }
  }

  @Test
  void aFlippedBitAnywhereIsLeftAlone() throws IOException {
    byte[] log = joined(whole, last);
    for (int at = 8; at < log.length; at++) {
      byte[] damaged = log.clone();
      damaged[at] ^= 0x10;

      assertThat(cut(damaged, new byte[ZEROS]))
          .as("byte %d", at)
          .isEqualTo(joined(damaged, new byte[ZEROS]));
    }
  }

  @Test
  void aTornEntryWithAnythingBehindItIsLeftAlone() throws IOException {
    byte[] torn = Arrays.copyOf(last, 50);

    assertThat(cut(whole, torn, new byte[ZEROS], last))
        .isEqualTo(joined(whole, torn, new byte[ZEROS], last));
  }

  @Test
  void closedSegmentsAreLeftAlone() throws IOException {
    Path closed = file.resolveSibling("log_0-9");
    Files.write(closed, joined(whole, Arrays.copyOf(last, 50), new byte[ZEROS]));

    TornTailRepair.mend(directory);

    assertThat(Files.size(closed)).isEqualTo(whole.length + 50 + ZEROS);
  }

  @Test
  void aDirectoryThatIsNotThereYetIsNoTrouble() throws IOException {
    TornTailRepair.mend(directory.resolve("none"));
  }
}
