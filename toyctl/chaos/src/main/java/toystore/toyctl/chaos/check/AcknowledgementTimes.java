package toystore.toyctl.chaos.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Records when each purchase began and when it was acknowledged. From this follow latencies and
 * times to recovery.
 */
public final class AcknowledgementTimes {
  private static final int INITIAL_SIZE = 1 << 12;

  private long[] ends = new long[INITIAL_SIZE];
  private long[] begins = new long[INITIAL_SIZE];
  private int count;

  /** Records a purchase that began at the given {@link System#nanoTime} and is acknowledged now. */
  public synchronized void add(long beginNanos) {
    add(beginNanos, System.nanoTime());
  }

  synchronized void add(long beginNanos, long endNanos) {
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, 2 * count);
      begins = Arrays.copyOf(begins, 2 * count);
    }
    begins[count] = beginNanos;
    ends[count] = endNanos;
    count++;
  }

  /** The number of acknowledged purchases. */
  public synchronized long count() {
    return count;
  }

  /**
   * A time without an acknowledgement.
   *
   * @param lastNanos the time of the last acknowledgement before the gap
   * @param firstNanos the time of the first acknowledgement after the gap
   */
  public record Gap(long lastNanos, long firstNanos) {
    public Duration length() {
      return Duration.ofNanos(firstNanos - lastNanos);
    }
  }

  /**
   * The longest time without an acknowledgement to any client that overlaps the window. It may
   * begin before the window and end after it.
   */
  public synchronized Gap longestGap(long fromNanos, long toNanos) {
    int i = firstAfter(fromNanos);
    long last = i == 0 ? fromNanos : ends[i - 1];
    Gap longest = new Gap(last, last);
    while (last < toNanos) {
      long next = i < count ? ends[i] : toNanos;
      if (next - last > longest.length().toNanos()) {
        longest = new Gap(last, next);
      }
      last = next;
      i++;
    }
    return longest;
  }

  /** The latency of the slowest purchase that was in progress at any time in the window. */
  public synchronized Duration slowest(long fromNanos, long toNanos) {
    long slowest = 0;
    for (int i = firstAfter(fromNanos); i < count; i++) {
      if (begins[i] < toNanos) {
        slowest = Math.max(slowest, ends[i] - begins[i]);
      }
    }
    return Duration.ofNanos(slowest);
  }

  private int firstAfter(long nanos) {
    int at = Arrays.binarySearch(ends, 0, count, nanos);
    return at >= 0 ? at + 1 : -at - 1;
  }

  /** The number of acknowledgements in each second, beginning at the given time. */
  public synchronized List<Integer> perSecond(long fromNanos) {
    List<Integer> seconds = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int second = (int) ((ends[i] - fromNanos) / 1_000_000_000L);
      while (second >= seconds.size()) {
        seconds.add(0);
      }
      if (second >= 0) {
        seconds.set(second, seconds.get(second) + 1);
      }
    }
    return seconds;
  }

  /** The latencies of all purchases. */
  public synchronized LatencySummary latencies() {
    LatencySummary.Collector times = new LatencySummary.Collector();
    for (int i = 0; i < count; i++) {
      times.add(Duration.ofNanos(ends[i] - begins[i]));
    }
    return times.summary();
  }
}
