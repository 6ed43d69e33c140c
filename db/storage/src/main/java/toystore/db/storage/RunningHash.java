package toystore.db.storage;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The running hash of a log. The hash of a row is the first 16 bytes of SHA-256 over the previous
 * row's hash and the row's own bytes. Two logs with the same last hash have the same rows, and a
 * changed row changes every later hash. It detects damage that H2 cannot see, because H2's pages
 * carry no checksum of their payload.
 *
 * <p>Not thread-safe.
 */
public final class RunningHash {
  /**
   * Length of one hash in bytes: enough to detect accidental damage, and small compared with a row.
   */
  public static final int BYTES = 16;

  private final MessageDigest digest;

  public RunningHash() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** The hash that precedes the first row. */
  public static byte[] initial() {
    return new byte[BYTES];
  }

  /**
   * The hash of a row.
   *
   * @param previous the hash of the previous row
   * @param row the bytes of this row, from the buffer's position to its limit
   */
  public byte[] next(byte[] previous, ByteBuffer row) {
    digest.update(previous);
    digest.update(row);
    byte[] whole = digest.digest();
    byte[] hash = new byte[BYTES];
    System.arraycopy(whole, 0, hash, 0, BYTES);
    return hash;
  }

  public static String hex(byte[] hash) {
    return HexFormat.of().formatHex(hash);
  }
}
