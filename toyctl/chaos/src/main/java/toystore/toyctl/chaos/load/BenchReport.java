package toystore.toyctl.chaos.load;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The result of a benchmark.
 *
 * @param what the kind of request, "purchase" or "read"
 * @param rate the number of requests that were due each second, or null for a closed loop
 * @param answers the number of responses by status, and under "no answer" the number of requests
 *     without a response
 * @param behind the number of requests that were due but not sent before the end
 * @param latencyMs the time from when a request was due until its response; in a closed loop, the
 *     time from when it was sent
 * @param serviceMs the time from when a request was sent until its response
 */
public record BenchReport(
    String what,
    int clients,
    @Nullable Double rate,
    double seconds,
    Map<String, Long> answers,
    long behind,
    Latency latencyMs,
    Latency serviceMs) {

  /** The number, percentiles, maximum and mean of latencies, in milliseconds. */
  record Latency(
      long count, double p50, double p90, double p99, double p999, double max, double mean) {
    static Latency of(Histogram micros) {
      return new Latency(
          micros.getTotalCount(),
          micros.getValueAtPercentile(50) / 1e3,
          micros.getValueAtPercentile(90) / 1e3,
          micros.getValueAtPercentile(99) / 1e3,
          micros.getValueAtPercentile(99.9) / 1e3,
          micros.getMaxValue() / 1e3,
          micros.getMean() / 1e3);
    }

    private String text() {
      return String.format(
          Locale.ROOT,
          "p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms",
          p50,
          p90,
          p99,
          p999,
          max);
    }
  }

  /** The number of successful requests a second. */
  @JsonProperty
  double perSecond() {
    return seconds > 0 ? succeeded() / seconds : 0;
  }

  private long succeeded() {
    return answers.getOrDefault("200", 0L);
  }

  /** The number of requests with another answer than success or "not enough stock". */
  @JsonProperty
  public long failed() {
    return latencyMs.count() - succeeded() - answers.getOrDefault("409", 0L);
  }

  public String text() {
    return String.format(
        Locale.ROOT,
        """
        %ss, %d clients, %s, %.1f s
        %.0f successful requests/s; responses by status: %s%s
        latency  %s%s\
        """,
        what,
        clients,
        rate == null ? "closed loop" : rate + "/s due",
        seconds,
        perSecond(),
        answers,
        behind > 0 ? "; " + behind + " were due but not sent" : "",
        latencyMs.text(),
        rate == null ? "" : "\nservice  " + serviceMs.text());
  }
}
