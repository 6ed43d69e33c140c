package toystore.order;

import java.util.UUID;

/** A change of one row that applying the log made, on its way into H2. */
sealed interface OrderRowChange {
  record Placed(OrderRow row) implements OrderRowChange {}

  record Tombstoned(UUID holdId, long timeMs, long logIndex) implements OrderRowChange {}

  /** The log's clock moved on, and tombstones before a time are forgotten. */
  record Time(long nowMs, long prunedBeforeMs) implements OrderRowChange {}
}
