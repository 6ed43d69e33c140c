package toystore.toyctl.cluster.process;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Decides when a node that ended is restarted. The delay doubles with each failure. A node that
 * fails too often within a minute is not restarted any more.
 */
public final class RestartPolicy {
  static final Duration FIRST_DELAY = Duration.ofMillis(200);
  static final Duration MAX_DELAY = Duration.ofSeconds(10);

  /**
   * The time within which failures count. A process that ran this long resets the delay and the
   * count of failures.
   */
  static final Duration WINDOW = Duration.ofMinutes(1);

  /** A node that fails this often within {@link #WINDOW} is not restarted any more. */
  public static final int MAX_FAILURES = 5;

  private final Deque<Long> failures = new ArrayDeque<>();
  private Duration nextDelay = FIRST_DELAY;

  /**
   * Records that a process ended.
   *
   * @param nowNanos the current monotonic time in nanoseconds
   * @param ran how long the process ran
   * @return the delay before the restart, or empty if the node is not restarted
   */
  Optional<Duration> ended(long nowNanos, Duration ran) {
    if (ran.compareTo(WINDOW) >= 0) {
      reset();
    }
    failures.add(nowNanos);
    while (nowNanos - failures.getFirst() > WINDOW.toNanos()) {
      failures.remove();
    }
    if (failures.size() >= MAX_FAILURES) {
      return Optional.empty();
    }
    Duration delay = nextDelay;
    Duration doubled = delay.multipliedBy(2);
    nextDelay = doubled.compareTo(MAX_DELAY) < 0 ? doubled : MAX_DELAY;
    return Optional.of(delay);
  }

  /** Forgets earlier failures, because a user has started the node. */
  void reset() {
    failures.clear();
    nextDelay = FIRST_DELAY;
  }
}
