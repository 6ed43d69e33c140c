package toystore.db.raft.log;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import toystore.db.raft.core.LogEntry;

/**
 * The extent of a record in a segment file according to its encoded length. The file need not
 * contain the whole record.
 *
 * @param length of the record's body in bytes; negative if the encoded length is invalid
 * @param end offset of the next record, possibly after the end of the file
 */
record RecordExtent(int start, int length, int end) {
  /**
   * The record that starts at this offset.
   *
   * @return null if the encoded length is incomplete because the file or the written bytes end
   */
  static @Nullable RecordExtent at(ByteBuffer bytes, int start) {
    int length = 0;
    for (int i = 0; i < LogEntry.MAX_VARINT_BYTES; i++) {
      if (start + i >= bytes.limit()) {
        return null;
      }
      byte next = bytes.get(start + i);
      length |= (next & 0x7f) << (7 * i);
      if (next >= 0) {
        // A varint of several bytes never ends in a zero byte; a zero there means that the byte was
        // not written.
        if (next == 0 && i > 0) {
          return null;
        }
        long end = start + i + 1L + length + LogEntry.CHECKSUM_BYTES;
        return length < 0 || end > Integer.MAX_VALUE
            ? invalid(start)
            : new RecordExtent(start, length, (int) end);
      }
    }
    return invalid(start);
  }

  private static RecordExtent invalid(int start) {
    return new RecordExtent(start, -1, start);
  }

  boolean isInvalid() {
    return length < 0;
  }

  int checksumStart() {
    return end - LogEntry.CHECKSUM_BYTES;
  }

  /** Whether the whole record is present and its checksum is right. */
  boolean isWhole(ByteBuffer bytes) {
    return !isInvalid() && end <= bytes.limit() && checksum(bytes) == bytes.getInt(checksumStart());
  }

  /** Computes the checksum of the length and the body. */
  int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(start, checksumStart() - start));
    return (int) crc.getValue();
  }
}
