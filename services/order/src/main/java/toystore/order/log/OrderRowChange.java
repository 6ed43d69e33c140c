package toystore.order.log;

import java.util.UUID;

/** A change of a row that is to be written to H2. */
sealed interface OrderRowChange {
  /** A new order. */
  record Placed(OrderRow row) implements OrderRowChange {}

  /**
   * A new tombstone: no order may ever name this hold.
   *
   * @param timeMs the log's time when the hold was tombstoned
   */
  record Tombstoned(UUID holdId, long timeMs, long logIndex) implements OrderRowChange {}

  /**
   * The log's time.
   *
   * @param prunedBeforeMs the prune horizon; tombstones from before it are deleted
   */
  record Time(long nowMs, long prunedBeforeMs) implements OrderRowChange {}
}
