package toystore.toyctl.cluster.verify;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.message.LoggedOrder;

/**
 * Checks the rows of one order log: the order numbers have no gaps, and no order id or hold id
 * occurs twice. Counts how many of each product were ordered.
 */
final class LogRowCheck {
  private final Map<String, Long> ordered = new TreeMap<>();
  private final Set<UUID> ids = new HashSet<>();

  /** How many of each product were ordered in the rows so far. */
  Map<String, Long> ordered() {
    return Map.copyOf(ordered);
  }

  /**
   * Checks the next row.
   *
   * @param number the order number that the row must have
   * @param node the node to which the log belongs
   * @return a description of the error, or null if the row is correct
   */
  @Nullable String check(LoggedOrder row, long number, String node) {
    Long _ = ordered.merge(row.name(), (long) row.quantity(), Long::sum);
    boolean newOrder = ids.add(row.orderId());
    boolean newHold = ids.add(row.holdId());
    if (row.number() != number) {
      return "order numbers are not dense: expected order "
          + number
          + ", found order "
          + row.number()
          + " on "
          + node;
    }
    if (!newOrder) {
      return "order id " + row.orderId() + " occurs twice, again in order " + number;
    }
    if (!newHold) {
      return "hold id " + row.holdId() + " occurs twice, again in order " + number;
    }
    return null;
  }
}
