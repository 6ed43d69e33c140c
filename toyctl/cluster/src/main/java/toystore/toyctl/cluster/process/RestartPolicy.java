package toystore.toyctl.cluster.process;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * When a node that ended is started again: soon at first, later each time, and not any more once it
 * has failed too often in a short time.
 */
public final class RestartPolicy {
  static final Duration FIRST = Duration.ofMillis(200);
  static final Duration LONGEST = Duration.ofSeconds(10);

  /** A process that lived this long was well: what came before it does not count. */
  static final Duration WELL = Duration.ofMinutes(1);

  /** So many failures within {@link #WELL} are too many. */
  public static final int TOO_MANY = 5;

  private final Deque<Long> failures = new ArrayDeque<>();
  private Duration next = FIRST;

  /**
   * Takes note that a process ended.
   *
   * @param lived how long it ran
   * @return how long to wait before the next start, or nothing if there is to be none
   */
  Optional<Duration> ended(long nowNanos, Duration lived) {
    if (lived.compareTo(WELL) >= 0) {
      reset();
    }
    failures.add(nowNanos);
    while (nowNanos - failures.getFirst() > WELL.toNanos()) {
      failures.remove();
    }
    if (failures.size() >= TOO_MANY) {
      return Optional.empty();
    }
    Duration wait = next;
    next = next.multipliedBy(2).compareTo(LONGEST) < 0 ? next.multipliedBy(2) : LONGEST;
    return Optional.of(wait);
  }

  /** Someone else has started the node: its past does not count. */
  void reset() {
    failures.clear();
    next = FIRST;
  }
}
