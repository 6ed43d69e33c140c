package toystore.db.raft.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the log, in the encoding that files and messages use: a varint with the length of
 * the body, the body, and a four-byte CRC-32C of both. The leader that proposes an entry encodes it
 * and computes the checksum, once. Every reader verifies the checksum.
 *
 * <p>The body consists of a kind (one byte), the term and the index (eight bytes each) and the
 * command. The first record of a segment file is not an entry: it is a header that holds the
 * position before the first entry.
 *
 * @param encoded the whole record; callers must not modify it
 * @param commandStart offset of the command in {@code encoded}
 */
public record LogEntry(long term, long index, byte[] encoded, int commandStart) {
  /** Largest command, in bytes: an entry must fit into one message between members. */
  static final int MAX_COMMAND_BYTES = 8 << 20;

  public static final int CHECKSUM_BYTES = Integer.BYTES;
  public static final int MAX_VARINT_BYTES = 5;
  private static final int BODY_HEADER_BYTES = 1 + 2 * Long.BYTES;

  private static final byte SEGMENT_HEADER = 0;
  private static final byte ENTRY = 1;

  /** Creates an entry. One with an empty command is a no-op: committing it is its only purpose. */
  public static LogEntry of(long term, long index, byte[] command) {
    if (command.length > MAX_COMMAND_BYTES) {
      throw new IllegalArgumentException("a command of " + command.length + " bytes is too long");
    }
    return encode(ENTRY, term, index, command);
  }

  /** Creates the first record of a segment file whose entries follow this position. */
  public static LogEntry segmentHeader(long term, long index) {
    return encode(SEGMENT_HEADER, term, index, new byte[0]);
  }

  private static LogEntry encode(byte kind, long term, long index, byte[] command) {
    int length = BODY_HEADER_BYTES + command.length;
    int digits = varintLength(length);
    ByteBuffer bytes = ByteBuffer.allocate(digits + length + CHECKSUM_BYTES);
    putVarint(bytes, length);
    bytes.put(kind).putLong(term).putLong(index);
    int commandStart = bytes.position();
    bytes.put(command);
    bytes.putInt(checksum(bytes.array(), 0, bytes.position()));
    return new LogEntry(term, index, bytes.array(), commandStart);
  }

  private static int varintLength(int value) {
    return Math.max(1, (Integer.SIZE - Integer.numberOfLeadingZeros(value) + 6) / 7);
  }

  private static void putVarint(ByteBuffer to, int value) {
    int rest = value;
    while (rest > 0x7f) {
      to.put((byte) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    to.put((byte) rest);
  }

  private static int checksum(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /** A decoded record whose bytes were not copied; the offsets refer to the buffer's array. */
  public record Header(byte kind, long term, long index, int start, int commandStart, int end) {
    public boolean isSegmentHeader() {
      return kind == SEGMENT_HEADER;
    }

    public int size() {
      return end - start;
    }
  }

  /**
   * Verifies the record at the buffer's position and moves the position after it.
   *
   * @param from a buffer that wraps a whole array
   * @return null if no record starts here: the buffer is at its end, or the next byte is zero
   * @throws IOException if the bytes are not a record or their checksum is wrong
   */
  public static @Nullable Header readHeader(ByteBuffer from) throws IOException {
    if (!from.hasRemaining() || from.get(from.position()) == 0) {
      return null;
    }
    int start = from.position();
    int length = varint(from);
    int body = from.position();
    int end = body + length;
    if (length < BODY_HEADER_BYTES || length > from.remaining() - CHECKSUM_BYTES) {
      throw new IOException("the bytes at offset " + start + " are not a log record");
    }
    CRC32C crc = new CRC32C();
    crc.update(from.duplicate().position(start).limit(end));
    if ((int) crc.getValue() != from.getInt(end)) {
      throw new IOException("the record at offset " + start + " has a wrong checksum");
    }
    byte kind = from.get();
    if (kind != ENTRY && kind != SEGMENT_HEADER) {
      throw new IOException("the record at offset " + start + " is of unknown kind " + kind);
    }
    long term = from.getLong();
    long index = from.getLong();
    from.position(end + CHECKSUM_BYTES);
    return new Header(kind, term, index, start, body + BODY_HEADER_BYTES, end + CHECKSUM_BYTES);
  }

  /** Like {@link #readHeader}, but copies the record. */
  public static @Nullable LogEntry read(ByteBuffer from) throws IOException {
    Header header = readHeader(from);
    if (header == null) {
      return null;
    }
    byte[] encoded = new byte[header.size()];
    from.get(header.start(), encoded);
    return new LogEntry(
        header.term(), header.index(), encoded, header.commandStart() - header.start());
  }

  private static int varint(ByteBuffer from) throws IOException {
    int value = 0;
    for (int i = 0; i < MAX_VARINT_BYTES && from.hasRemaining(); i++) {
      byte next = from.get();
      value |= (next & 0x7f) << (7 * i);
      if (next >= 0) {
        return value;
      }
    }
    throw new IOException("a record does not start with a valid length");
  }

  /** Whether this record is the header of a segment file rather than an entry. */
  public boolean isSegmentHeader() {
    return encoded[commandStart - BODY_HEADER_BYTES] == SEGMENT_HEADER;
  }

  /** Whether this entry is a no-op. */
  public boolean isEmpty() {
    return commandStart == encoded.length - CHECKSUM_BYTES;
  }

  public byte[] command() {
    return Arrays.copyOfRange(encoded, commandStart, encoded.length - CHECKSUM_BYTES);
  }

  /** Length of the encoded record, in bytes. */
  public int size() {
    return encoded.length;
  }
}
