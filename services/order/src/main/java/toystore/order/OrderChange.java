package toystore.order;

import java.util.UUID;

/** A change of one row that applying the log made, on its way into H2. */
sealed interface OrderChange {
  record Placed(OrderRow row) implements OrderChange {}

  record Tombstoned(UUID holdId, long timeMs, long logIndex) implements OrderChange {}

  /** The log's clock moved on, and tombstones before a time are forgotten. */
  record Time(long nowMs, long prunedBeforeMs) implements OrderChange {}
}
