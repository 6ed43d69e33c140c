package toystore.protocol.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Order ids and hold ids. Both are UUIDs of RFC 9562. */
public final class Uuids {
  /** Longest accepted {@code Idempotency-Key}, in characters. */
  public static final int MAX_KEY_LENGTH = 255;

  private static final AtomicLong LAST = new AtomicLong();

  private Uuids() {}

  /**
   * A new UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, a 12-bit counter, 62 random bits.
   * Time-ordered keys keep H2's indexes dense and its file small. The counter makes ids of one
   * process rise strictly, also within a millisecond and when the clock goes back.
   */
  public static UUID fresh() {
    long now = System.currentTimeMillis() << 12;
    long tick = LAST.accumulateAndGet(now, (last, time) -> Math.max(last + 1, time));
    long high = ((tick >>> 12) << 16) | 0x7000 | (tick & 0xfff);
    long low = (ThreadLocalRandom.current().nextLong() >>> 2) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  /**
   * Whether a {@link #fresh} id was made before a time, by the clock of its maker.
   *
   * @param timeMs milliseconds since 1970
   */
  public static boolean madeBefore(UUID id, long timeMs) {
    return id.getMostSignificantBits() >>> 16 < timeMs;
  }

  /** No id that was {@link #madeBefore} this time is as large, and no other is smaller. */
  public static UUID smallestOf(long timeMs) {
    return new UUID(timeMs << 16, 0);
  }

  /**
   * The order id that a client's {@code Idempotency-Key} stands for: a UUIDv8 (RFC 9562 §5.8) made
   * of the key's SHA-256, so that every front end derives the same one without talking to another.
   *
   * @throws ApiException 400 if the key is empty, too long, or not printable ASCII
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
