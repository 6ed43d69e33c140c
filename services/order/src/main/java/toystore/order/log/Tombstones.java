package toystore.order.log;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import toystore.db.storage.Database;

/**
 * The holds that no order may ever name, all in memory, and the prune horizon: tombstones from
 * before the horizon are deleted. The lock of {@link OrderLog} guards it.
 */
final class Tombstones {
  private final Map<UUID, OrderRowChange.Tombstoned> byHoldId;
  private long prunedBeforeMs;

  /** Continues from a file. */
  Tombstones(Database database, long prunedBeforeMs) {
    this.byHoldId = database.readForLog(OrderTables::tombstones);
    this.prunedBeforeMs = prunedBeforeMs;
  }

  boolean contains(UUID holdId) {
    return byHoldId.containsKey(holdId);
  }

  int size() {
    return byHoldId.size();
  }

  List<OrderRowChange.Tombstoned> all() {
    return List.copyOf(byHoldId.values());
  }

  long prunedBeforeMs() {
    return prunedBeforeMs;
  }

  OrderRowChange.Tombstoned add(UUID holdId, long timeMs, long logIndex) {
    OrderRowChange.Tombstoned tombstone = new OrderRowChange.Tombstoned(holdId, timeMs, logIndex);
    byHoldId.put(holdId, tombstone);
    return tombstone;
  }

  /** Adds the tombstones of another replica. */
  void addAll(List<OrderRowChange.Tombstoned> tombstones) {
    tombstones.forEach(tombstone -> byHoldId.putIfAbsent(tombstone.holdId(), tombstone));
  }

  /** Moves the horizon forward, never back, and deletes the tombstones before it. */
  void prune(long beforeMs) {
    prunedBeforeMs = Math.max(prunedBeforeMs, beforeMs);
    byHoldId.values().removeIf(tombstone -> tombstone.timeMs() < prunedBeforeMs);
  }
}
