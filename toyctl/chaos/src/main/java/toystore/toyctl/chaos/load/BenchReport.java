package toystore.toyctl.chaos.load;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What a bench measured.
 *
 * @param rate requests a second that were due; null: each client asked when it was answered
 * @param answers how many by status; "no answer" where there was none
 * @param behind requests that were due and not even sent when the time was over
 * @param latencyMs from when a request was due, or sent if none is due, to its answer
 * @param serviceMs from when it was sent to its answer
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

  /** In milliseconds. */
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

  /** Requests that were answered with success, a second. */
  @JsonProperty
  double perSecond() {
    return seconds > 0 ? succeeded() / seconds : 0;
  }

  private long succeeded() {
    return answers.getOrDefault("200", 0L);
  }

  /** Requests whose answer was another one than success or "not enough stock". */
  @JsonProperty
  public long failed() {
    return latencyMs.count() - succeeded() - answers.getOrDefault("409", 0L);
  }

  public String text() {
    return String.format(
        Locale.ROOT,
        """
        %ss, %d clients, %s, %.1f s
        %.0f/s answered with success; answers by status: %s%s
        latency  %s%s\
        """,
        what,
        clients,
        rate == null ? "as fast as they are answered" : rate + "/s due",
        seconds,
        perSecond(),
        answers,
        behind > 0 ? "; " + behind + " were due and not sent" : "",
        latencyMs.text(),
        rate == null ? "" : "\nservice  " + serviceMs.text());
  }
}
