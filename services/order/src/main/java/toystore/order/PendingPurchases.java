package toystore.order;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import toystore.protocol.message.PurchaseRequest;

/** The purchases that this leader is deciding, by order id. Thread-safe. */
final class PendingPurchases {
  private final Map<UUID, PendingPurchase> byOrderId = new ConcurrentHashMap<>();

  /**
   * Joins the pending purchase with the same order id, or starts a new one.
   *
   * @param started receives the pending purchase if it is new; the caller then decides it
   * @return the answer to this request
   */
  CompletableFuture<PurchaseRequest.Answer> joinOrStart(
      PurchaseRequest purchase, List<PendingPurchase> started) {
    PendingPurchase pending = new PendingPurchase(purchase);
    PendingPurchase earlier = byOrderId.putIfAbsent(purchase.orderId(), pending);
    if (earlier == null) {
      started.add(pending);
      return pending.answer();
    }
    return earlier.answerTo(purchase);
  }

  /** Ends a pending purchase, with this answer unless it has one already. */
  void end(PendingPurchase pending, PurchaseRequest.Answer defaultAnswer) {
    pending.answer().complete(defaultAnswer);
    byOrderId.remove(pending.purchase().orderId(), pending);
  }
}
