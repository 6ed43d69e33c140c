package toystore.order;

import java.util.concurrent.CompletableFuture;
import toystore.protocol.message.PurchaseRequest;

/** A purchase that this leader is deciding. There is at most one for each order id. */
final class PendingPurchase {
  private final PurchaseRequest purchase;
  private final CompletableFuture<PurchaseRequest.Answer> answer = new CompletableFuture<>();

  /** Used only by the thread that decides the purchase. */
  private boolean outlivesRequest;

  PendingPurchase(PurchaseRequest purchase) {
    this.purchase = purchase;
  }

  PurchaseRequest purchase() {
    return purchase;
  }

  CompletableFuture<PurchaseRequest.Answer> answer() {
    return answer;
  }

  /** The log decides this purchase after the deadline of the request. */
  void outliveRequest() {
    outlivesRequest = true;
  }

  boolean outlivesRequest() {
    return outlivesRequest;
  }

  /** The answer to a request that joined this purchase because it has the same order id. */
  CompletableFuture<PurchaseRequest.Answer> answerTo(PurchaseRequest joining) {
    return answer.thenApply(first -> answerTo(joining, first));
  }

  private PurchaseRequest.Answer answerTo(PurchaseRequest joining, PurchaseRequest.Answer first) {
    if (purchase.equals(joining)) {
      return first instanceof PurchaseRequest.Placed placed
          ? new PurchaseRequest.Placed(placed.number(), placed.productVersion(), true)
          : first;
    }
    return first instanceof PurchaseRequest.Placed placed
        ? new PurchaseRequest.OrderIdReused(placed.number())
        : new PurchaseRequest.Undecided("another purchase under this id was under way");
  }
}
