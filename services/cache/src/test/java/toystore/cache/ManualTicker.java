package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that tests advance. It starts near the largest long, so that the time overflows. */
final class ManualTicker implements Ticker {
  private static final long START_NANOS = Long.MAX_VALUE - 1_000;

  private final AtomicLong nanos = new AtomicLong(START_NANOS);

  @Override
  public long read() {
    return nanos.get();
  }

  /** Sets the time that has passed since the start. */
  void set(Duration time) {
    nanos.set(START_NANOS + time.toNanos());
  }

  void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }
}
