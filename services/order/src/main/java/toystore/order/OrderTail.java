package toystore.order;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The orders that were applied but are not in H2 yet. Readers look here first and into H2 second; a
 * row leaves only after its commit, so one of the two always has it.
 *
 * <p>One thread adds, one removes, any number read.
 */
final class OrderTail {
  private final ConcurrentSkipListMap<Long, OrderRow> byNumber = new ConcurrentSkipListMap<>();
  private final ConcurrentHashMap<UUID, OrderRow> byOrderId = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<UUID, OrderRow> byHold = new ConcurrentHashMap<>();

  void add(OrderRow row) {
    byNumber.put(row.number(), row);
    byOrderId.put(row.orderId(), row);
    byHold.put(row.holdId(), row);
  }

  @Nullable OrderRow byNumber(long number) {
    return byNumber.get(number);
  }

  @Nullable OrderRow byOrderId(UUID orderId) {
    return byOrderId.get(orderId);
  }

  @Nullable OrderRow byHold(UUID holdId) {
    return byHold.get(holdId);
  }

  /** Rows whose number is above this, by rising number. */
  List<OrderRow> after(long number) {
    return new ArrayList<>(byNumber.tailMap(number, false).values());
  }

  /** Forgets what H2 has committed: the rows of entries up to this log index. */
  void persisted(long logIndex) {
    while (true) {
      var first = byNumber.firstEntry();
      if (first == null || first.getValue().logIndex() > logIndex) {
        return;
      }
      OrderRow row = first.getValue();
      byOrderId.remove(row.orderId());
      byHold.remove(row.holdId());
      byNumber.remove(row.number());
    }
  }
}
