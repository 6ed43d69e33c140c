package toystore.toyctl.chaos.load;

import java.util.Locale;

/**
 * The result of {@code toyctl load}.
 *
 * @param queries the number of product queries
 * @param orders the number of purchases that were answered with an order number
 * @param outOfStock the number of purchases that were refused because the stock was too small
 * @param errors the number of requests with an unexpected answer or without an answer
 * @param verified the number of orders that a client read at the end and found unchanged
 * @param mismatches the number of orders that were missing or different at the end
 * @param retries the number of requests that repeated a purchase with the same key
 * @param seed the seed of the clients' choices
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

  /** The latencies by kind of request. */
  record Latencies(Latency query, Latency buy) {}

  /** The latencies that clients observe, retries included, in milliseconds. */
  record Latency(long count, double p50, double p90, double p99, double max) {
    private String text() {
      return String.format(
          Locale.ROOT, "p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, max %.2f ms", p50, p90, p99, max);
    }
  }

  /** Whether there were neither errors nor mismatches. */
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
