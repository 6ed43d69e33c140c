package toystore.toyctl.chaos.load;

import java.util.Locale;

/**
 * What a load came to.
 *
 * @param queries product queries asked
 * @param orders purchases that were answered with an order number
 * @param outOfStock purchases that were too late
 * @param errors requests that had another answer than a client expects, or none
 * @param verified orders that were asked for again at the end and are as remembered
 * @param mismatches orders that are not
 * @param retries purchases that were repeated under the same key
 * @param seed with the same seed, clients make the same choices
 */
public record LoadReport(
    long queries,
    long orders,
    long outOfStock,
    long errors,
    long verified,
    long mismatches,
    long retries,
    int clients,
    long seed,
    double seconds,
    Latencies latencyMs) {

  /** By kind of request. */
  record Latencies(Latency query, Latency buy) {}

  /** Milliseconds as a client sees them, retries included. */
  record Latency(long count, double p50, double p90, double p99, double max) {
    private String text() {
      return String.format(
          Locale.ROOT, "p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, max %.2f ms", p50, p90, p99, max);
    }
  }

  public boolean clean() {
    return errors == 0 && mismatches == 0;
  }

  public String text() {
    return String.format(
        Locale.ROOT,
        """
        %d clients, %.1f s, seed %d
        queries  %d (%.0f/s): %s
        orders   %d (%.0f/s): %s
        out of stock %d, errors %d, retries %d
        verified %d of %d orders, %d mismatches\
        """,
        clients,
        seconds,
        seed,
        queries,
        perSecond(queries),
        latencyMs.query.text(),
        orders,
        perSecond(orders),
        latencyMs.buy.text(),
        outOfStock,
        errors,
        retries,
        verified,
        orders,
        mismatches);
  }

  private double perSecond(long count) {
    return seconds > 0 ? count / seconds : 0;
  }
}
