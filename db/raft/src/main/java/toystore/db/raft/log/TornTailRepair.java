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
import org.jspecify.annotations.Nullable;
import toystore.db.raft.core.LogEntry;

/**
 * Repairs the end of a Raft log whose last write was interrupted by a crash. A killed process and a
 * power loss both leave the beginning of that write, followed by the zeros that reserve space.
 *
 * <p>A member acknowledges an entry only after a sync, so an interrupted write was never
 * acknowledged. An entry without its checksum is therefore cut off. An entry whose body is
 * complete, which the written part of its checksum shows, gets the rest of its checksum: keeping it
 * is safe whether it was acknowledged or not.
 *
 * <p>Everything else is left unchanged, because it may be damage to an acknowledged entry. This
 * applies to an entry that contradicts the written part of its checksum, and to an entry with
 * further data after it. A damaged length can make a whole entry look unfinished; this case is
 * recognized too.
 *
 * <p>{@link Segment} and {@link LogEntry} describe the file format.
 */
public final class TornTailRepair {
  private static final System.Logger LOG = System.getLogger(TornTailRepair.class.getName());
  private static final int MAGIC_BYTES = 8;
  private static final int CHECKSUM_BYTES = LogEntry.CHECKSUM_BYTES;
  private static final int MAX_VARINT_BYTES = LogEntry.MAX_VARINT_BYTES;

  private TornTailRepair() {}

  /** Repairs the open segments below this directory. A member has at most one. */
  public static void repair(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory, 3)) {
      List<Path> open =
          files
              .filter(
                  file -> String.valueOf(file.getFileName()).startsWith(SegmentName.OPEN_PREFIX))
              .toList();
      for (Path file : open) {
        repair(file, Files.readAllBytes(file));
      }
    }
  }

  private static void repair(Path file, byte[] content) throws IOException {
    // A power loss may also shorten the file. The bytes it lost were zeros, possibly the last zero
    // bytes of a checksum, or belonged to an interrupted write. Hence a few zeros are added back.
    ByteBuffer bytes = ByteBuffer.wrap(Arrays.copyOf(content, content.length + CHECKSUM_BYTES));
    int end = content.length < MAGIC_BYTES ? -1 : endOfWholeRecords(bytes);
    if (end < 0) {
      return;
    }
    RecordExtent completable = recordWithPartOfItsChecksum(bytes, end);
    if (completable != null || end > content.length) {
      LOG.log(
          Level.WARNING,
          "{0}: a crash interrupted the last write within the checksum, which is completed",
          file);
      if (completable != null) {
        bytes.putInt(completable.checksumStart(), completable.checksum(bytes));
      }
      writeChecksum(file, bytes, completable == null ? end : completable.end());
    } else if (isUnfinished(bytes, end)) {
      LOG.log(
          Level.WARNING,
          "{0}: a crash interrupted the last write; the file is cut off at offset {1}",
          file,
          Integer.toString(end));
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(end);
        channel.force(true);
      }
    }
  }

  /** Writes the checksum that ends at this offset; the file may already hold a part of it. */
  private static void writeChecksum(Path file, ByteBuffer bytes, int end) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer checksum = bytes.slice(end - CHECKSUM_BYTES, CHECKSUM_BYTES);
      while (checksum.hasRemaining()) {
        var _ = channel.write(checksum, end - checksum.remaining());
      }
      channel.force(true);
    }
  }

  /** Offset of the first record that is not whole, or of the zeros after the last record. */
  private static int endOfWholeRecords(ByteBuffer bytes) {
    int offset = MAGIC_BYTES;
    while (offset < bytes.limit() && bytes.get(offset) != 0) {
      RecordExtent record = RecordExtent.at(bytes, offset);
      if (record == null || !record.isWhole(bytes)) {
        return offset;
      }
      offset = record.end();
    }
    return offset;
  }

  /** Offset after the last byte that is not zero. */
  private static int endOfWritten(ByteBuffer bytes, int start) {
    int end = bytes.limit();
    while (end > start && bytes.get(end - 1) == 0) {
      end--;
    }
    return end;
  }

  /** The record at this offset if it is the last one and lacks only bytes of its checksum. */
  private static @Nullable RecordExtent recordWithPartOfItsChecksum(ByteBuffer bytes, int start) {
    int written = endOfWritten(bytes, start);
    RecordExtent record = written == start ? null : RecordExtent.at(bytes, start);
    if (record == null
        || record.isInvalid()
        || record.end() > bytes.limit()
        || written <= record.checksumStart()
        || written >= record.end()) {
      return null;
    }
    int missingBits = 8 * (record.end() - written);
    boolean agrees =
        record.checksum(bytes) >>> missingBits
            == bytes.getInt(record.checksumStart()) >>> missingBits;
    return agrees ? record : null;
  }

  /** Whether the bytes from this offset on can only be the beginning of one record. */
  private static boolean isUnfinished(ByteBuffer bytes, int start) {
    int written = endOfWritten(bytes, start);
    if (written == start) {
      return false;
    }
    RecordExtent record = RecordExtent.at(bytes, start);
    // Some of the trailing zeros may belong to the record. Even so, its checksum was not written.
    boolean cutShort =
        record == null
            ? written - start < MAX_VARINT_BYTES
            : !record.isInvalid() && written <= record.checksumStart();
    return cutShort
        && !isWholeWithAnotherLength(bytes, start, written)
        && !containsWholeRecord(bytes, start + 1, written);
  }

  /** Whether the record is complete and only looks truncated because its length is damaged. */
  private static boolean isWholeWithAnotherLength(ByteBuffer bytes, int start, int written) {
    // The checksum may end in zeros, so several ends are possible.
    for (int end = written; end < written + CHECKSUM_BYTES && end <= bytes.limit(); end++) {
      for (int digits = 1; digits <= MAX_VARINT_BYTES; digits++) {
        int length = end - CHECKSUM_BYTES - digits - start;
        if (length > 0) {
          ByteBuffer repaired = ByteBuffer.allocate(end - start);
          repaired.put(bytes.slice(start, end - start));
          for (int i = 0; i < digits; i++) {
            int more = i < digits - 1 ? 0x80 : 0;
            repaired.put(i, (byte) (((length >> (7 * i)) & 0x7f) | more));
          }
          if (new RecordExtent(0, length, end - start).isWhole(repaired)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static boolean containsWholeRecord(ByteBuffer bytes, int start, int end) {
    for (int offset = start; offset < end; offset++) {
      RecordExtent record = RecordExtent.at(bytes, offset);
      if (record != null
          && record.length() > 0
          && record.end() <= end + CHECKSUM_BYTES
          && record.isWhole(bytes)) {
        return true;
      }
    }
    return false;
  }
}
