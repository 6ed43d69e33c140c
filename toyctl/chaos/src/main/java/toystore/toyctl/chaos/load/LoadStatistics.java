package toystore.toyctl.chaos.load;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Counters and latencies that all clients of a load update. */
public final class LoadStatistics {
  /** The largest latency that the histograms can hold, in microseconds: more than any timeout. */
  private static final long LONGEST = TimeUnit.DAYS.toMicros(1);

  public final LongAdder queries = new LongAdder();
  public final LongAdder orders = new LongAdder();
  public final LongAdder outOfStock = new LongAdder();
  public final LongAdder errors = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder verified = new LongAdder();
  final LongAdder mismatches = new LongAdder();
  private final Histogram query = new ConcurrentHistogram(LONGEST, 3);
  private final Histogram buy = new ConcurrentHistogram(LONGEST, 3);

  void recordQuery(Duration time) {
    record(query, time);
  }

  void recordPurchase(Duration time) {
    record(buy, time);
  }

  private static void record(Histogram histogram, Duration time) {
    histogram.recordValue(Math.min(LONGEST, TimeUnit.NANOSECONDS.toMicros(time.toNanos())));
  }

  public LoadReport report(int clients, long seed, Duration elapsed) {
    return new LoadReport(
        queries.sum(),
        orders.sum(),
        outOfStock.sum(),
        errors.sum(),
        verified.sum(),
        mismatches.sum(),
        retries.sum(),
        clients,
        seed,
        elapsed.toMillis() / 1e3,
        new LoadReport.Latencies(latency(query), latency(buy)));
  }

  private static LoadReport.Latency latency(Histogram histogram) {
    return new LoadReport.Latency(
        histogram.getTotalCount(),
        histogram.getValueAtPercentile(50) / 1e3,
        histogram.getValueAtPercentile(90) / 1e3,
        histogram.getValueAtPercentile(99) / 1e3,
        histogram.getMaxValue() / 1e3);
  }
}
