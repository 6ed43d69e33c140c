package toystore.order.log;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The orders that were applied but are not in H2 yet. Readers look here first and in H2 second. A
 * row is removed only after H2 has committed it, so one of the two always has it.
 *
 * <p>One thread adds rows, one thread removes them, and any number of threads read them.
 */
final class UnwrittenOrders {
  private final ConcurrentHashMap<Long, OrderRow> byNumber = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<UUID, OrderRow> byOrderId = new ConcurrentHashMap<>();

  /** All rows have numbers from {@code first} to before {@code end}. */
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

  /** Those of the given holds that unwritten orders name. Reads all rows. */
  Set<UUID> naming(Set<UUID> holds) {
    return byNumber.values().stream()
        .map(OrderRow::holdId)
        .filter(holds::contains)
        .collect(Collectors.toCollection(HashSet::new));
  }

  /**
   * The rows after a number, in ascending order. An install writes its rows directly to H2, which
   * leaves gaps here.
   */
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

  /** Removes the rows of entries up to this log index: H2 has committed them. */
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
