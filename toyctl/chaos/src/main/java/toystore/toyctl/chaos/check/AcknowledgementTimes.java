package toystore.toyctl.chaos.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** When purchases were acknowledged, and how long each had taken: windows of unavailability. */
public final class AcknowledgementTimes {
  private static final int FIRST_SIZE = 1 << 12;

  private long[] ends = new long[FIRST_SIZE];
  private long[] begins = new long[FIRST_SIZE];
  private int count;

  /** A purchase that began at that {@link System#nanoTime} is acknowledged now. */
  public synchronized void acknowledged(long beginNanos) {
    acknowledged(beginNanos, System.nanoTime());
  }

  synchronized void acknowledged(long beginNanos, long endNanos) {
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, 2 * count);
      begins = Arrays.copyOf(begins, 2 * count);
    }
    begins[count] = beginNanos;
    ends[count] = endNanos;
    count++;
  }

  public synchronized long count() {
    return count;
  }

  /**
   * A time without an acknowledgement.
   *
   * @param lastNanos the last acknowledgement before it
   * @param firstNanos the first one after it
   */
  public record Silence(long lastNanos, long firstNanos) {
    public Duration length() {
      return Duration.ofNanos(firstNanos - lastNanos);
    }
  }

  /** The longest time within or across this window in which no client was acknowledged anything. */
  public synchronized Silence longestSilence(long fromNanos, long toNanos) {
    int i = firstAfter(fromNanos);
    long last = i == 0 ? fromNanos : ends[i - 1];
    Silence longest = new Silence(last, last);
    while (last < toNanos) {
      long next = i < count ? ends[i] : toNanos;
      if (next - last > longest.length().toNanos()) {
        longest = new Silence(last, next);
      }
      last = next;
      i++;
    }
    return longest;
  }

  /** How long the slowest purchase took of those that were under way at some time of the window. */
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

  /** How many were acknowledged in each second from that time on. */
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

  /** All purchases' times. */
  public synchronized LatencySummary latencies() {
    LatencySummary.Collector times = new LatencySummary.Collector();
    for (int i = 0; i < count; i++) {
      times.add(Duration.ofNanos(ends[i] - begins[i]));
    }
    return times.spread();
  }
}
