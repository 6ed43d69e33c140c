package toystore.catalog;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;

/**
 * The decisions of the catalog, described in DESIGN.md of this module. They use neither storage nor
 * network, so that a test can explore every order of messages with the production code.
 */
final class HoldRules {
  private HoldRules() {}

  /** The products and holds while one command is applied. */
  interface Inventory {
    @Nullable ProductRow product(String name);

    @Nullable HoldRow openHold(UUID holdId);

    /** Whether an earlier command settled or released this hold. */
    boolean hasEnded(UUID holdId);

    /** The prune horizon: ended holds that were asked for before this time have been deleted. */
    long prunedBeforeMs();

    /**
     * Replaces a product.
     *
     * @param visible whether clients can see the change
     */
    void put(ProductRow product, boolean visible);

    void open(HoldRow hold);

    void end(UUID holdId, boolean settled);
  }

  /** Holds stock. Idempotent by hold id: a repeated hold gets the first answer again. */
  static Hold.Answer hold(Inventory inventory, Hold wanted, long timeMs) {
    HoldRow open = inventory.openHold(wanted.holdId());
    if (open != null) {
      return new Hold.Granted(open.unitPriceCents(), open.version());
    }
    // A hold from before the prune horizon may have ended and been deleted. If it were granted
    // again, its stock would be counted twice.
    if (Uuids.createdBefore(wanted.holdId(), inventory.prunedBeforeMs())
        || inventory.hasEnded(wanted.holdId())) {
      return new Hold.AlreadyEnded();
    }
    ProductRow product = inventory.product(wanted.name());
    if (product == null) {
      return new Hold.NoSuchProduct();
    }
    if (product.onHand() < wanted.quantity()) {
      return new Hold.InsufficientStock(product.onHand());
    }
    ProductRow held = product.hold(wanted.quantity());
    inventory.put(held, true);
    inventory.open(
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

  /** An order names this hold: its stock is sold. Idempotent. */
  static void settle(Inventory inventory, UUID holdId) {
    end(inventory, holdId, true);
  }

  /** No order names this hold, and none ever can: its stock is on hand again. Idempotent. */
  static void release(Inventory inventory, UUID holdId) {
    end(inventory, holdId, false);
  }

  private static void end(Inventory inventory, UUID holdId, boolean settled) {
    HoldRow open = inventory.openHold(holdId);
    if (open == null) {
      return;
    }
    ProductRow product = inventory.product(open.name());
    if (product == null) {
      throw new IllegalStateException(
          "hold " + holdId + " is for an unknown product: " + open.name());
    }
    inventory.put(
        settled ? product.settle(open.quantity()) : product.release(open.quantity()), !settled);
    inventory.end(holdId, settled);
  }
}
