package toystore.protocol.message;

import java.util.List;
import java.util.UUID;

/**
 * A row of the order log with all its columns, as {@code GET /log} of an order replica gives it.
 *
 * @param placedAtMs the log's time, in milliseconds since 1970, as the leader proposed it
 * @param hash the running hash up to and including this row, lower-case hex
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

  /** Rows by rising number; what was asked for ends where this is shorter than the limit. */
  public record Page(long appliedIndex, List<LoggedOrder> orders) {}

  /** Answer to a fence: the log's index and how many orders it holds up to there. */
  public record Fence(long index, long orders) {}
}
