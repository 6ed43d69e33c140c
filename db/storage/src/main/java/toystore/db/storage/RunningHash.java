package toystore.db.storage;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The running hash of a log: each row's hash is the first 16 bytes of SHA-256 over the hash before
 * it and the row's own bytes. Two logs with the same last hash have the same rows, and a changed
 * row shows in every hash after it; H2's pages carry no checksum of their own.
 *
 * <p>Not thread-safe.
 */
public final class RunningHash {
  /** Bytes of one hash: enough against accidents, small enough for each row. */
  public static final int BYTES = 16;

  private final MessageDigest digest;

  public RunningHash() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** The hash before the first row. */
  public static byte[] start() {
    return new byte[BYTES];
  }

  /** The hash of a row, given the hash before it and the row's bytes up to its position. */
  public byte[] next(byte[] before, ByteBuffer row) {
    digest.update(before);
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
