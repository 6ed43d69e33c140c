package toystore.order;

import java.util.UUID;
import toystore.order.log.OrderLogCommand;
import toystore.protocol.message.Hold;
import toystore.protocol.message.PurchaseRequest;

/** A purchase for which the catalog holds stock. */
record PurchaseWithHold(PendingPurchase pending, UUID holdId, Hold.Granted granted) {
  OrderLogCommand.Entry entry(long askedAtMs) {
    PurchaseRequest purchase = pending.purchase();
    return new OrderLogCommand.Entry(
        purchase.orderId(),
        holdId,
        purchase.name(),
        purchase.quantity(),
        granted.unitPriceCents(),
        granted.version(),
        askedAtMs);
  }
}
