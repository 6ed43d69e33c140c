package toystore.toyctl.chaos.check;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** The number, percentiles and maximum of latencies, in milliseconds. */
public record LatencySummary(long count, double p50, double p90, double p99, double max) {
  /** Collects latencies. For use by one thread. */
  public static final class Collector {
    private static final long LONGEST_US = TimeUnit.DAYS.toMicros(1);

    private final Histogram micros = new Histogram(LONGEST_US, 3);

    public void add(Duration time) {
      micros.recordValue(Math.clamp(time.toNanos() / 1000, 0, LONGEST_US));
    }

    public LatencySummary summary() {
      return new LatencySummary(
          micros.getTotalCount(), percentile(50), percentile(90), percentile(99), percentile(100));
    }

    private double percentile(double percentile) {
      return micros.getTotalCount() == 0 ? 0 : micros.getValueAtPercentile(percentile) / 1e3;
    }
  }

  public String inWords() {
    return String.format(Locale.ROOT, "p50 %.0f ms, p99 %.0f ms, max %.0f ms", p50, p99, max);
  }
}
