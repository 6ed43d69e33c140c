package toystore.db.raft.log;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import toystore.db.raft.core.LogEntry;

/**
 * Mends what a crash left of the last write to a Raft log. A process that is killed in the middle
 * of a write, and a disk that loses power, leave the beginning of it, before the zeros that files
 * are filled with in advance.
 *
 * <p>Nobody was told that an unfinished write happened: acknowledging comes after its sync. So an
 * entry without its checksum is cut off. One whose message is there, as the bytes of the checksum
 * that were written say, is completed: it is right to keep it, whether it was acknowledged or not.
 * What looks like neither is left as it is, for damage may concern what was acknowledged: an entry
 * that the written bytes of its checksum contradict, or one with anything behind it, be it by a
 * length that is not its own.
 *
 * <p>A file: eight bytes, then entries, each a varint with the length of its message, the message,
 * and a CRC-32C of both in four bytes; then zeros.
 */
public final class TornTailRepair {
  private static final System.Logger LOG = System.getLogger(TornTailRepair.class.getName());
  private static final int HEADER = 8;
  private static final int CHECKSUM = LogEntry.CHECKSUM;
  private static final int LONGEST_VARINT = LogEntry.LONGEST_VARINT;

  private TornTailRepair() {}

  /** Mends the open segments below this directory, of which a member has one at most. */
  public static void mend(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory, 3)) {
      List<Path> open =
          files
              .filter(file -> String.valueOf(file.getFileName()).startsWith("log_inprogress_"))
              .toList();
      for (Path file : open) {
        mend(file, Files.readAllBytes(file));
      }
    }
  }

  private static void mend(Path file, byte[] content) throws IOException {
    // A file that lost its end with the power had zeros there, perhaps a checksum's last ones, or
    // what would be unfinished as well.
    ByteBuffer bytes = ByteBuffer.wrap(Arrays.copyOf(content, content.length + CHECKSUM));
    int end = content.length < HEADER ? -1 : endOfWholeEntries(bytes);
    if (end < 0) {
      return;
    }
    Place almost = withoutEndOfItsChecksum(bytes, end);
    if (almost != null || end > content.length) {
      LOG.log(
          Level.WARNING,
          "{0}: the last write was cut short by a crash within its checksum, which is completed",
          file);
      if (almost != null) {
        bytes.putInt(almost.end - CHECKSUM, almost.checksum(bytes));
      }
      writeChecksum(file, bytes, almost == null ? end : almost.end);
    } else if (isUnfinished(bytes, end)) {
      LOG.log(
          Level.WARNING,
          "{0}: the last write was cut short by a crash; it is forgotten from byte {1} on",
          file,
          Integer.toString(end));
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(end);
        channel.force(true);
      }
    }
  }

  /** Writes the checksum that ends here, which the file may have a part of. */
  private static void writeChecksum(Path file, ByteBuffer bytes, int end) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer checksum = bytes.slice(end - CHECKSUM, CHECKSUM);
      while (checksum.hasRemaining()) {
        var _ = channel.write(checksum, end - checksum.remaining());
      }
      channel.force(true);
    }
  }

  /** Where the first entry begins that is not whole. */
  private static int endOfWholeEntries(ByteBuffer bytes) {
    int at = HEADER;
    while (at < bytes.limit() && bytes.get(at) != 0) {
      Place entry = Place.at(bytes, at);
      if (entry == null || !entry.isWhole(bytes)) {
        return at;
      }
      at = entry.end;
    }
    return at;
  }

  private static int endOfWritten(ByteBuffer bytes, int from) {
    int written = bytes.limit();
    while (written > from && bytes.get(written - 1) == 0) {
      written--;
    }
    return written;
  }

  /** The entry from here on if it is all there is and lacks only the last bytes of its checksum. */
  private static @Nullable Place withoutEndOfItsChecksum(ByteBuffer bytes, int from) {
    int written = endOfWritten(bytes, from);
    Place entry = written == from ? null : Place.at(bytes, from);
    if (entry == null
        || entry.length < 0
        || entry.end > bytes.limit()
        || written <= entry.end - CHECKSUM
        || written >= entry.end) {
      return null;
    }
    int missing = 8 * (entry.end - written);
    boolean agrees =
        entry.checksum(bytes) >>> missing == bytes.getInt(entry.end - CHECKSUM) >>> missing;
    return agrees ? entry : null;
  }

  /** Whether what is there from here on can be the beginning of an entry, and nothing else. */
  private static boolean isUnfinished(ByteBuffer bytes, int from) {
    int written = endOfWritten(bytes, from);
    if (written == from) {
      return false;
    }
    Place entry = Place.at(bytes, from);
    // Zeros may belong to the entry, but then at least its checksum is missing.
    boolean cutShort =
        entry == null
            ? written - from < LONGEST_VARINT
            : entry.length >= 0 && written <= entry.end - CHECKSUM;
    return cutShort
        && !isWholeButForItsLength(bytes, from, written)
        && !hasWholeEntry(bytes, from + 1, written);
  }

  /** A length that was damaged makes what follows it look cut short. */
  private static boolean isWholeButForItsLength(ByteBuffer bytes, int from, int written) {
    // The checksum may end in zeros.
    for (int end = written; end < written + CHECKSUM && end <= bytes.limit(); end++) {
      for (int digits = 1; digits <= LONGEST_VARINT; digits++) {
        int length = end - CHECKSUM - digits - from;
        if (length > 0) {
          ByteBuffer repaired = ByteBuffer.allocate(end - from);
          repaired.put(bytes.slice(from, end - from));
          for (int i = 0; i < digits; i++) {
            int more = i < digits - 1 ? 0x80 : 0;
            repaired.put(i, (byte) (((length >> (7 * i)) & 0x7f) | more));
          }
          if (new Place(0, length, end - from).isWhole(repaired)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static boolean hasWholeEntry(ByteBuffer bytes, int from, int to) {
    for (int at = from; at < to; at++) {
      Place entry = Place.at(bytes, at);
      if (entry != null && entry.length > 0 && entry.end <= to + CHECKSUM && entry.isWhole(bytes)) {
        return true;
      }
    }
    return false;
  }

  /**
   * An entry's place.
   *
   * @param length of the message; negative if it is none
   * @param end where the next one begins, perhaps behind the file's end
   */
  private record Place(int start, int length, int end) {
    /** The entry that begins here, or null if the file or the zeros begin within its length. */
    static @Nullable Place at(ByteBuffer bytes, int start) {
      int length = 0;
      for (int i = 0; i < LONGEST_VARINT; i++) {
        if (start + i >= bytes.limit()) {
          return null;
        }
        byte next = bytes.get(start + i);
        length |= (next & 0x7f) << (7 * i);
        if (next >= 0) {
          // A length does not end in a group of zeros: those bytes were not written yet.
          if (next == 0 && i > 0) {
            return null;
          }
          long end = start + i + 1L + length + CHECKSUM;
          return length < 0 || end > Integer.MAX_VALUE
              ? new Place(start, -1, start)
              : new Place(start, length, (int) end);
        }
      }
      return new Place(start, -1, start);
    }

    boolean isWhole(ByteBuffer bytes) {
      if (length < 0 || end > bytes.limit()) {
        return false;
      }
      return checksum(bytes) == bytes.getInt(end - CHECKSUM);
    }

    /** What the checksum of this length and message is. */
    int checksum(ByteBuffer bytes) {
      CRC32C crc = new CRC32C();
      crc.update(bytes.slice(start, end - CHECKSUM - start));
      return (int) crc.getValue();
    }
  }
}
