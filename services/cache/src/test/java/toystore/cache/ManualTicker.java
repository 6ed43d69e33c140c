package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes when a test says so. It begins near the end of what a long can hold. */
final class ManualTicker implements Ticker {
  private static final long BEGINNING = Long.MAX_VALUE - 1_000;

  private final AtomicLong nanos = new AtomicLong(BEGINNING);

  @Override
  public long read() {
    return nanos.get();
  }

  /** So long after the beginning. */
  void set(Duration time) {
    nanos.set(BEGINNING + time.toNanos());
  }

  void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }
}
