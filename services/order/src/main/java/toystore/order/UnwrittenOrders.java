package toystore.order;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The orders that were applied but are not in H2 yet. Readers look here first and into H2 second; a
 * row leaves only after its commit, so one of the two always has it.
 *
 * <p>One thread adds, one removes, any number read.
 */
final class UnwrittenOrders {
  private final ConcurrentHashMap<Long, OrderRow> byNumber = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<UUID, OrderRow> byOrderId = new ConcurrentHashMap<>();

  /** No row here has a lower number, and none a number as high as the end. */
  private volatile long first;

  private volatile long end;

  void add(OrderRow row) {
    if (byNumber.isEmpty()) {
      first = row.number();
    }
    byNumber.put(row.number(), row);
    byOrderId.put(row.orderId(), row);
    end = row.number() + 1;
  }

  @Nullable OrderRow byNumber(long number) {
    return byNumber.get(number);
  }

  @Nullable OrderRow byOrderId(UUID orderId) {
    return byOrderId.get(orderId);
  }

  /** Which of these holds orders name; looks at all of them. */
  Set<UUID> naming(Set<UUID> holds) {
    return byNumber.values().stream()
        .map(OrderRow::holdId)
        .filter(holds::contains)
        .collect(Collectors.toCollection(HashSet::new));
  }

  /** Rows whose number is above this, by rising number. An install may leave gaps between them. */
  List<OrderRow> after(long number) {
    List<OrderRow> rows = new ArrayList<>();
    long last = end;
    for (long next = Math.max(number + 1, first); next < last; next++) {
      OrderRow row = byNumber.get(next);
      if (row != null) {
        rows.add(row);
      }
    }
    return rows;
  }

  /** Forgets what H2 has committed: the rows of entries up to this log index. */
  void persisted(long logIndex) {
    for (long next = first; next < end; next++) {
      OrderRow row = byNumber.get(next);
      if (row != null) {
        if (row.logIndex() > logIndex) {
          return;
        }
        byOrderId.remove(row.orderId());
        byNumber.remove(next);
      }
      first = next + 1;
    }
  }
}
