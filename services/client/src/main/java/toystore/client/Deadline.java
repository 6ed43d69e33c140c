package toystore.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * The time by which a whole operation must end, including its retries.
 *
 * @param nanoTime the end, on the clock of {@link System#nanoTime}
 * @param length the time that the operation was given
 */
public record Deadline(long nanoTime, Duration length) {
  private static final Duration SHORTEST = Duration.ofMillis(1);

  public static Deadline in(Duration length) {
    return new Deadline(System.nanoTime() + length.toNanos(), length);
  }

  /** The remaining time, never negative. */
  public Duration left() {
    return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
  }

  public boolean passed() {
    return nanoTime - System.nanoTime() <= 0;
  }

  /** The remaining time as the time limit of a call: at least one millisecond. */
  public Duration timeLimit() {
    Duration left = left();
    return left.compareTo(SHORTEST) < 0 ? SHORTEST : left;
  }

  /** The shorter of the given time and {@link #timeLimit}. */
  public Duration atMost(Duration longest) {
    Duration left = timeLimit();
    return left.compareTo(longest) < 0 ? left : longest;
  }

  /** Sleeps for the given time, but not past the deadline. */
  public void pause(Duration pause) throws InterruptedException {
    Thread.sleep(atMost(pause));
  }

  /** The length of the operation, for messages: "10 s". */
  public String inWords() {
    long millis = length.toMillis();
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }

  /**
   * Waits for a future until the deadline. The wait may last up to 20 ms longer.
   *
   * <p>When a virtual thread waits with a time limit, the JVM sets a timer and cancels it, which
   * costs two thread switches. A purchase waits in four places. Therefore these waits have no timer
   * of their own; one thread ends all overdue waits.
   *
   * @throws TimeoutException if the deadline passes first; the future stays as it is
   */
  public <T> T await(CompletableFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.isDone() ? future.get() : OverdueWaits.await(future, this);
  }
}
