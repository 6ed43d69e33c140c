package toystore.toyctl.chaos.check;

import java.time.Duration;

/**
 * The behaviour of the clients of a workload.
 *
 * @param purchases the fraction of requests that are purchases; the others are reads
 * @param orderReads the fraction of reads that read an order that a client has seen
 * @param repeats the fraction of purchases that repeat an earlier purchase with the same key
 * @param maxQuantity the largest quantity of a purchase
 * @param pause the pause between two requests
 */
public record WorkloadProfile(
    double purchases, double orderReads, double repeats, int maxQuantity, Duration pause) {
  /** Mostly purchases, to check orders. */
  public static final WorkloadProfile BUYERS =
      new WorkloadProfile(0.7, 0.5, 0.05, 3, Duration.ofMillis(10));

  /** Mostly reads, as in a usual store. */
  public static final WorkloadProfile READERS =
      new WorkloadProfile(0.2, 0.1, 0.05, 3, Duration.ofMillis(5));

  public WorkloadProfile withPause(Duration other) {
    return new WorkloadProfile(purchases, orderReads, repeats, maxQuantity, other);
  }
}
