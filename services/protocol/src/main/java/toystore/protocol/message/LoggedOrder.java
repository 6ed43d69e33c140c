package toystore.protocol.message;

import java.util.List;
import java.util.UUID;

/**
 * A row of the order log with all columns, as {@code GET /log} of an order replica returns it.
 *
 * @param placedAtMs the time that the leader proposed, in milliseconds since 1970
 * @param logIndex the Raft index of the entry that placed the order
 * @param hash the running hash up to and including this row, in lower-case hex
 */
public record LoggedOrder(
    long number,
    UUID orderId,
    UUID holdId,
    String name,
    int quantity,
    long unitPriceCents,
    long productVersion,
    long placedAtMs,
    long logIndex,
    String hash) {

  /** Rows in the order of their numbers. A page with fewer rows than the limit is the last one. */
  public record Page(long appliedIndex, List<LoggedOrder> orders) {}

  /**
   * The answer to a fence.
   *
   * @param index the Raft index of the fence
   * @param orders the number of orders in the log up to this index
   */
  public record Fence(long index, long orders) {}
}
