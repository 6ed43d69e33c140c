package toystore.catalog;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;

/**
 * The decisions of the catalog (DESIGN.md of this module), free of storage and network, so that a
 * test can explore every order of messages with the very code that runs.
 */
final class StockRules {
  private StockRules() {}

  /** Products and holds at one index, to be read and changed. */
  interface Shelf {
    @Nullable ProductRow product(String name);

    @Nullable HoldRow openHold(UUID holdId);

    /** Whether this hold was settled or released before. */
    boolean ended(UUID holdId);

    /** Holds that were asked for before this time and ended are forgotten. */
    long prunedBeforeMs();

    /** Replaces a product; visible says whether clients see a difference. */
    void put(ProductRow product, boolean visible);

    void open(HoldRow hold);

    void end(UUID holdId, boolean settled);
  }

  /** Reserves stock, once by hold id: a repetition gets the first answer again. */
  static Hold.Answer hold(Shelf shelf, Hold wanted, long timeMs) {
    HoldRow open = shelf.openHold(wanted.holdId());
    if (open != null) {
      return new Hold.Granted(open.unitPriceCents(), open.version());
    }
    // One from before the prune horizon may have ended and be forgotten: granted anew, it would be
    // counted twice.
    if (Uuids.madeBefore(wanted.holdId(), shelf.prunedBeforeMs()) || shelf.ended(wanted.holdId())) {
      return new Hold.Over();
    }
    ProductRow product = shelf.product(wanted.name());
    if (product == null) {
      return new Hold.NoSuchProduct();
    }
    if (product.onHand() < wanted.quantity()) {
      return new Hold.NotEnough(product.onHand());
    }
    ProductRow held = product.hold(wanted.quantity());
    shelf.put(held, true);
    shelf.open(
        new HoldRow(
            wanted.holdId(),
            wanted.name(),
            wanted.quantity(),
            held.priceCents(),
            held.version(),
            timeMs,
            wanted.orderId()));
    return new Hold.Granted(held.priceCents(), held.version());
  }

  /** An order names this hold: it is sold. A repetition changes nothing. */
  static void settle(Shelf shelf, UUID holdId) {
    end(shelf, holdId, true);
  }

  /** No order names this hold and none can: it is free again. A repetition changes nothing. */
  static void release(Shelf shelf, UUID holdId) {
    end(shelf, holdId, false);
  }

  private static void end(Shelf shelf, UUID holdId, boolean settled) {
    HoldRow open = shelf.openHold(holdId);
    if (open == null) {
      return;
    }
    ProductRow product = shelf.product(open.name());
    if (product == null) {
      throw new IllegalStateException("hold " + holdId + " is of no product: " + open.name());
    }
    shelf.put(
        settled ? product.settle(open.quantity()) : product.release(open.quantity()), !settled);
    shelf.end(holdId, settled);
  }
}
