package toystore.order.log;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.message.PurchaseRequest;

/**
 * The decisions of the order log, described in DESIGN.md of this module. They use neither storage
 * nor network, so that a test can explore every order of messages with the production code.
 */
public final class OrderNumbering {
  private OrderNumbering() {}

  /** The state of the log at one index. */
  interface LogView {
    /** The order with this id, or null. */
    @Nullable OrderRow byOrderId(UUID orderId);

    /** Whether the log has decided that no order may ever name this hold. */
    boolean isTombstoned(UUID holdId);

    /** The prune horizon: tombstones from before this time have been deleted. */
    long prunedBeforeMs();
  }

  /** What the log does with an entry. */
  sealed interface Decision {}

  /** The entry becomes the order with the next number. */
  record Append() implements Decision {}

  /** The entry changes nothing, because the log already contains its order id. */
  record Repeat(OrderRow row) implements Decision {}

  /** The entry changes nothing, because no order may name its hold any more. */
  record Refuse() implements Decision {}

  static Decision decide(LogView log, OrderLogCommand.Entry entry) {
    OrderRow row = log.byOrderId(entry.orderId());
    if (row != null) {
      return new Repeat(row);
    }
    // The hold of an entry from before the prune horizon may have had a tombstone that was deleted.
    if (log.isTombstoned(entry.holdId()) || entry.askedAtMs() < log.prunedBeforeMs()) {
      return new Refuse();
    }
    return new Append();
  }

  /**
   * Whether the order that a doubtful hold was made for names the hold. If it does not, the hold
   * needs a tombstone. No other order can name it.
   */
  static boolean settles(LogView log, UUID holdId, UUID orderId) {
    OrderRow row = log.byOrderId(orderId);
    return row != null && row.holdId().equals(holdId);
  }

  /** Whether the hold that was made for an entry has to be released after this outcome. */
  public static boolean releasesOwnHold(OrderLogCommand.Outcome outcome, UUID holdId) {
    return switch (outcome) {
      case OrderLogCommand.Numbered numbered -> false;
      // If the same entry was appended twice, the order names this hold.
      case OrderLogCommand.Duplicate duplicate -> !duplicate.row().holdId().equals(holdId);
      case OrderLogCommand.Voided voided -> true;
    };
  }

  /** The answer to a purchase whose order id the log already contains. */
  public static PurchaseRequest.Answer replay(OrderRow row, PurchaseRequest purchase) {
    return row.matches(purchase.name(), purchase.quantity())
        ? new PurchaseRequest.Placed(row.number(), row.productVersion(), true)
        : new PurchaseRequest.OrderIdReused(row.number());
  }
}
