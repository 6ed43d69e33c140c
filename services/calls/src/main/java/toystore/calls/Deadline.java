package toystore.calls;

import java.time.Duration;

/** The moment by which a whole operation has to end, retries included, on the monotonic clock. */
public record Deadline(long nanoTime) {
  public static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /** What is left, never negative. */
  public Duration left() {
    return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
  }

  public boolean passed() {
    return nanoTime - System.nanoTime() <= 0;
  }
}
