package toystore.protocol.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Creates order ids and hold ids. Both are UUIDs as RFC 9562 defines them. */
public final class Uuids {
  /** The maximum length of an {@code Idempotency-Key}, in characters. */
  public static final int MAX_KEY_LENGTH = 255;

  private static final AtomicLong LAST = new AtomicLong();

  private Uuids() {}

  /**
   * A new UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, a 12-bit counter, 62 random bits.
   * Time-ordered keys keep the indexes of H2 dense and its file small. Because of the counter, the
   * ids of one process strictly increase, even within a millisecond and when the clock is set back.
   */
  public static UUID fresh() {
    long now = System.currentTimeMillis() << 12;
    long tick = LAST.accumulateAndGet(now, (last, time) -> Math.max(last + 1, time));
    long high = ((tick >>> 12) << 16) | 0x7000 | (tick & 0xfff);
    long low = (ThreadLocalRandom.current().nextLong() >>> 2) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  /**
   * Whether a {@link #fresh} id was created before a time, by the clock of the process that created
   * it.
   *
   * @param timeMs milliseconds since 1970
   */
  public static boolean createdBefore(UUID id, long timeMs) {
    return id.getMostSignificantBits() >>> 16 < timeMs;
  }

  /** The smallest id of a time: ids that were {@link #createdBefore} it are smaller, others not. */
  public static UUID smallestAt(long timeMs) {
    return new UUID(timeMs << 16, 0);
  }

  /**
   * The order id for a client's {@code Idempotency-Key}: a UUIDv8 (RFC 9562 §5.8) computed from the
   * SHA-256 of the key. Every front end computes the same id without communication.
   *
   * @throws ApiException with status 400 if the key is empty, too long, or not printable ASCII
   */
  public static UUID fromIdempotencyKey(String key) {
    if (key.isBlank() || key.length() > MAX_KEY_LENGTH) {
      throw ApiException.badRequest(
          "Idempotency-Key must have 1 to " + MAX_KEY_LENGTH + " characters");
    }
    if (!key.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
      throw ApiException.badRequest("Idempotency-Key must be printable ASCII");
    }
    ByteBuffer hash = ByteBuffer.wrap(sha256().digest(("order:" + key).getBytes(UTF_8)));
    long high = (hash.getLong() & ~0xf000L) | 0x8000;
    long low = (hash.getLong() >>> 2) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
