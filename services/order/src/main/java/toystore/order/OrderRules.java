package toystore.order;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.message.PurchaseRequest;

/**
 * The decisions of the order log (DESIGN.md of this module), free of storage and network, so that a
 * test can explore every order of messages with the very code that runs.
 */
final class OrderRules {
  private OrderRules() {}

  /** What the log knows at one index. */
  interface Book {
    /** The order that has this id, if there is one. */
    @Nullable OrderRow byOrderId(UUID orderId);

    /** Whether it was decided that no order may ever name this hold. */
    boolean tombstoned(UUID holdId);

    /** Tombstones of doubtful holds before this time are forgotten. */
    long prunedBeforeMs();
  }

  /** What to do with an entry. */
  sealed interface Decision {}

  /** Give it the next number. */
  record Append() implements Decision {}

  /** Leave it: the order id is there already. */
  record Repeats(OrderRow row) implements Decision {}

  /** Leave it: its hold cannot be used any more. */
  record Refuse() implements Decision {}

  static Decision decide(Book book, OrderLogCommand.Entry entry) {
    OrderRow row = book.byOrderId(entry.orderId());
    if (row != null) {
      return new Repeats(row);
    }
    // An entry from before the prune horizon may have had a tombstone that is forgotten now.
    if (book.tombstoned(entry.holdId()) || entry.askedAtMs() < book.prunedBeforeMs()) {
      return new Refuse();
    }
    return new Append();
  }

  /**
   * Whether a doubtful hold counts for the order that it was made for; if not, it needs a tombstone
   * from now on. No other order can name it.
   */
  static boolean settles(Book book, UUID holdId, UUID orderId) {
    OrderRow row = book.byOrderId(orderId);
    return row != null && row.holdId().equals(holdId);
  }

  /** Whether a hold that was made for an entry is free again, given what the log decided. */
  static boolean freesOwnHold(OrderLogCommand.Outcome outcome, UUID holdId) {
    return switch (outcome) {
      case OrderLogCommand.Numbered numbered -> false;
      // The very same entry again: the order names this hold.
      case OrderLogCommand.Duplicate duplicate -> !duplicate.row().holdId().equals(holdId);
      case OrderLogCommand.Voided voided -> true;
    };
  }

  /** The answer to a purchase whose order id is in the log already. */
  static PurchaseRequest.Answer replay(OrderRow row, PurchaseRequest purchase) {
    return row.isFor(purchase.name(), purchase.quantity())
        ? new PurchaseRequest.Placed(row.number(), row.productVersion(), true)
        : new PurchaseRequest.OtherBody(row.number());
  }
}
