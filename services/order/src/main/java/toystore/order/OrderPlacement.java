package toystore.order;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.order.log.OrderLogCommand;
import toystore.order.log.OrderNumbering;
import toystore.order.log.OrderProposer;
import toystore.protocol.message.PurchaseRequest;

/**
 * Steps 4 to 6 of a purchase in DESIGN.md of this module: proposes purchases whose stock is held to
 * the log, and reports to the catalog what became of each hold.
 */
final class OrderPlacement {
  private final OrderProposer proposer;
  private final HoldClient catalog;
  private final PendingPurchases pendingPurchases;
  private final Counter placed;

  OrderPlacement(
      OrderProposer proposer,
      HoldClient catalog,
      PendingPurchases pendingPurchases,
      MeterRegistry metrics) {
    this.proposer = proposer;
    this.catalog = catalog;
    this.pendingPurchases = pendingPurchases;
    this.placed = metrics.counter("toystore.orders.placed");
  }

  /**
   * Proposes the purchases of a batch as one entry of the log, and answers those that the log
   * decides.
   *
   * @param askedAtMs when this leader asked for the holds
   * @param again receives the purchases whose hold was taken back (step 5)
   */
  void place(
      List<PurchaseWithHold> batch,
      long askedAtMs,
      List<PendingPurchase> again,
      Deadline deadline) {
    if (batch.isEmpty()) {
      return;
    }
    CompletableFuture<List<OrderLogCommand.Outcome>> outcomes =
        proposer.place(batch.stream().map(held -> held.entry(askedAtMs)).toList());
    AwaitedResult<List<OrderLogCommand.Outcome>> awaited = AwaitedResult.await(outcomes, deadline);
    boolean isUndecided = !outcomes.isDone();
    for (int i = 0; i < batch.size(); i++) {
      PurchaseWithHold held = batch.get(i);
      switch (awaited) {
        case AwaitedResult.Failure<List<OrderLogCommand.Outcome>> failure when isUndecided ->
            endOnceDecided(held, i, outcomes);
        // It is unknown whether an order names the hold: the catalog will ask for it (step 7).
        case AwaitedResult.Failure<List<OrderLogCommand.Outcome>> failure ->
            held.pending().answer().complete(failure.undecided());
        case AwaitedResult.Value<List<OrderLogCommand.Outcome>> result -> {
          PurchaseRequest.Answer answer = answerAndReport(held, result.value().get(i));
          if (answer == null) {
            again.add(held.pending());
          } else {
            held.pending().answer().complete(answer);
          }
        }
      }
    }
  }

  /**
   * Keeps a purchase pending after the deadline of its request, until the log has decided its
   * entry. Requests that repeat the purchase join it. If they asked for a hold of their own, they
   * could be refused before the entry becomes an order.
   */
  private void endOnceDecided(
      PurchaseWithHold held, int index, CompletableFuture<List<OrderLogCommand.Outcome>> outcomes) {
    PendingPurchase pending = held.pending();
    pending.outliveRequest();
    outcomes.whenComplete(
        (decided, e) -> {
          PurchaseRequest.Answer answer = null;
          try {
            answer =
                e == null
                    ? answerAndReport(held, decided.get(index))
                    : AwaitedResult.Failure.of(e).undecided();
          } finally {
            // In any case: requests for an order id that stayed pending would never be answered.
            pendingPurchases.end(
                pending,
                answer == null ? new PurchaseRequest.Undecided("its hold was taken back") : answer);
          }
        });
  }

  /**
   * Reports to the catalog what became of the hold (step 6).
   *
   * @return the answer to the purchase, or null if the hold was taken back because this leader was
   *     slow
   */
  private PurchaseRequest.@Nullable Answer answerAndReport(
      PurchaseWithHold held, OrderLogCommand.Outcome outcome) {
    if (OrderNumbering.releasesOwnHold(outcome, held.holdId())) {
      catalog.reportReleased(held.holdId());
    } else {
      catalog.reportSettled(held.holdId());
    }
    return switch (outcome) {
      case OrderLogCommand.Numbered numbered -> {
        placed.increment();
        yield new PurchaseRequest.Placed(numbered.number(), held.granted().version(), false);
      }
      case OrderLogCommand.Duplicate duplicate ->
          OrderNumbering.replay(duplicate.row(), held.pending().purchase());
      case OrderLogCommand.Voided voided -> null;
    };
  }
}
