package toystore.order.log;

import toystore.db.storage.RunningHash;

/**
 * The first orders of the log.
 *
 * @param orders how many orders; the last one has the number {@code orders - 1}
 * @param hash the running hash of the last of them
 */
public record LogPrefix(long orders, OrderRow.Hash hash) {
  static final LogPrefix EMPTY = new LogPrefix(0, OrderRow.Hash.START);

  /** Whether a row is the next order and has the right running hash. */
  boolean isContinuedBy(RunningHash hasher, OrderRow row) {
    return row.number() == orders && row.hashAfter(hasher, hash).equals(row.hash());
  }

  /** The orders up to and including a row. */
  static LogPrefix upTo(OrderRow row) {
    return new LogPrefix(row.number() + 1, row.hash());
  }
}
