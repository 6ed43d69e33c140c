package toystore.db.raft.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the log, in the form that files hold and members send each other: a varint with the
 * length of the message, the message, and a CRC-32C of both in four bytes. So an entry is encoded
 * and its checksum made once, by the leader that proposed it, and looked at by everyone who reads
 * it.
 *
 * <p>The message: a byte that says what it is, the term and the index in eight bytes each, and the
 * command. The first record of a file is no entry but says what lies before it.
 *
 * @param encoded not to be changed
 * @param commandStart where in it the command begins
 */
public record LogEntry(long term, long index, byte[] encoded, int commandStart) {
  /** Largest command, in bytes: an entry has to fit into one message between members. */
  static final int LARGEST_COMMAND = 8 << 20;

  public static final int CHECKSUM = Integer.BYTES;
  public static final int LONGEST_VARINT = 5;
  private static final int HEAD = 1 + 2 * Long.BYTES;

  private static final byte BEFORE = 0;
  private static final byte ENTRY = 1;

  /** An entry whose command is empty only has to be committed. */
  public static LogEntry of(long term, long index, byte[] command) {
    if (command.length > LARGEST_COMMAND) {
      throw new IllegalArgumentException("a command of " + command.length + " bytes is too long");
    }
    return encode(ENTRY, term, index, command);
  }

  /** The first record of a file that begins after this position. */
  public static LogEntry before(long term, long index) {
    return encode(BEFORE, term, index, new byte[0]);
  }

  private static LogEntry encode(byte kind, long term, long index, byte[] command) {
    int length = HEAD + command.length;
    int digits = varintLength(length);
    ByteBuffer bytes = ByteBuffer.allocate(digits + length + CHECKSUM);
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

  /** A record that was looked at and not copied. */
  public record Place(byte kind, long term, long index, int start, int commandStart, int end) {
    public boolean isBeginning() {
      return kind == BEFORE;
    }

    public int size() {
      return end - start;
    }
  }

  /**
   * Looks at the record at the buffer's position and moves it behind.
   *
   * @param from over a whole array
   * @return null if no record begins here: the buffer is at its end, or a zero is there
   * @throws IOException if something is there that is no record, or is not what was written
   */
  public static @Nullable Place find(ByteBuffer from) throws IOException {
    if (!from.hasRemaining() || from.get(from.position()) == 0) {
      return null;
    }
    int start = from.position();
    int length = varint(from);
    int body = from.position();
    int end = body + length;
    if (length < HEAD || length > from.remaining() - CHECKSUM) {
      throw new IOException("what is at byte " + start + " is no record of a log");
    }
    CRC32C crc = new CRC32C();
    crc.update(from.duplicate().position(start).limit(end));
    if ((int) crc.getValue() != from.getInt(end)) {
      throw new IOException("the checksum of what is at byte " + start + " is wrong");
    }
    byte kind = from.get();
    if (kind != ENTRY && kind != BEFORE) {
      throw new IOException("what is at byte " + start + " is of kind " + kind);
    }
    long term = from.getLong();
    long index = from.getLong();
    from.position(end + CHECKSUM);
    return new Place(kind, term, index, start, body + HEAD, end + CHECKSUM);
  }

  /** Like {@link #find}, with a copy of the record. */
  public static @Nullable LogEntry read(ByteBuffer from) throws IOException {
    Place place = find(from);
    if (place == null) {
      return null;
    }
    byte[] encoded = new byte[place.size()];
    from.get(place.start(), encoded);
    return new LogEntry(place.term(), place.index(), encoded, place.commandStart() - place.start());
  }

  private static int varint(ByteBuffer from) throws IOException {
    int value = 0;
    for (int i = 0; i < LONGEST_VARINT && from.hasRemaining(); i++) {
      byte next = from.get();
      value |= (next & 0x7f) << (7 * i);
      if (next >= 0) {
        return value;
      }
    }
    throw new IOException("no length where one was expected");
  }

  /** Whether this is the record with which a file begins. */
  public boolean isBeginning() {
    return encoded[commandStart - HEAD] == BEFORE;
  }

  /** Whether this entry changes nothing. */
  public boolean isEmpty() {
    return commandStart == encoded.length - CHECKSUM;
  }

  public byte[] command() {
    return Arrays.copyOfRange(encoded, commandStart, encoded.length - CHECKSUM);
  }

  /** Bytes that it takes in files and messages. */
  public int size() {
    return encoded.length;
  }
}
