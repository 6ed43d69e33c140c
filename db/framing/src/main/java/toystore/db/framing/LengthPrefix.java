package toystore.db.framing;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The length prefix of a protocol's frames: four bytes in big-endian order that hold a number of
 * bytes. Each protocol sets its own bounds and decides what the length counts.
 *
 * @param min smallest length that the protocol allows, in bytes
 * @param max largest length that the protocol allows, in bytes
 */
public record LengthPrefix(int min, int max) {
  /** Bytes that the prefix itself takes. */
  public static final int BYTES = Integer.BYTES;

  public LengthPrefix {
    if (min < 0 || max < min) {
      throw new IllegalArgumentException("lengths from " + min + " to " + max);
    }
  }

  /**
   * Allocates a frame and writes its prefix.
   *
   * @param length the value of the prefix
   * @param uncounted bytes of the frame after the prefix that {@code length} does not count
   * @return a buffer positioned after the prefix, with exactly the space for the rest of the frame
   * @throws IOException if the length exceeds the maximum; nothing is allocated then
   */
  public ByteBuffer allocate(int length, int uncounted) throws IOException {
    if (length > max) {
      throw new IOException("a message of " + length + " bytes is too long: the limit is " + max);
    }
    return ByteBuffer.allocate(BYTES + uncounted + length).putInt(length);
  }

  /**
   * Decodes the prefix at the beginning of an array.
   *
   * @throws IOException if the length is out of bounds: the peer speaks another protocol
   */
  public int decode(byte[] prefix) throws IOException {
    int length = ByteBuffer.wrap(prefix, 0, BYTES).getInt();
    if (length < min || length > max) {
      throw new IOException("not a frame: length " + Integer.toUnsignedString(length));
    }
    return length;
  }
}
