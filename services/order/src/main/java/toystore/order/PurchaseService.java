package toystore.order;

import io.micrometer.core.instrument.MeterRegistry;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import toystore.client.Deadline;
import toystore.order.log.OrderLookup;
import toystore.order.log.OrderNumbering;
import toystore.order.log.OrderProposer;
import toystore.order.log.OrderRow;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.protocol.message.PurchaseRequest;

/**
 * Decides purchases while this replica leads. The steps in these comments are those of a purchase
 * in DESIGN.md of this module.
 *
 * <p>A failure at any step leaves the purchase undecided, never half done: the catalog resolves a
 * hold that has no order, and a client finds an order that it got no answer for under the order id.
 */
final class PurchaseService {
  private static final System.Logger LOG = System.getLogger(PurchaseService.class.getName());

  private final OrderLookup orders;
  private final OrderProposer proposer;
  private final HoldClient catalog;
  private final OrderPlacement placement;
  private final PendingPurchases pendingPurchases = new PendingPurchases();

  PurchaseService(
      OrderLookup orders, OrderProposer proposer, HoldClient catalog, MeterRegistry metrics) {
    this.orders = orders;
    this.proposer = proposer;
    this.catalog = catalog;
    this.placement = new OrderPlacement(proposer, catalog, pendingPurchases, metrics);
  }

  /**
   * Decides a batch of purchases.
   *
   * @return one answer for each purchase, in order; each is final, except {@link
   *     PurchaseRequest.Undecided}
   */
  List<PurchaseRequest.Answer> buy(List<PurchaseRequest> batch, Deadline deadline) {
    Map<UUID, OrderRow> existing = existing(batch);
    List<CompletableFuture<PurchaseRequest.Answer>> answers = new ArrayList<>(batch.size());
    List<PendingPurchase> started = new ArrayList<>();
    for (PurchaseRequest purchase : batch) {
      OrderRow row = existing.get(purchase.orderId());
      answers.add(
          row != null
              ? CompletableFuture.completedFuture(OrderNumbering.replay(row, purchase))
              : pendingPurchases.joinOrStart(purchase, started));
    }
    decide(started, deadline);
    return answers.stream().map(answer -> answerBy(deadline, answer)).toList();
  }

  private Map<UUID, OrderRow> existing(List<PurchaseRequest> purchases) {
    return orders.existing(purchases.stream().map(PurchaseRequest::orderId).distinct().toList());
  }

  private static PurchaseRequest.Answer answerBy(
      Deadline deadline, CompletableFuture<PurchaseRequest.Answer> answer) {
    return AwaitedResult.await(answer, deadline)
            instanceof AwaitedResult.Value<PurchaseRequest.Answer> result
        ? result.value()
        : new PurchaseRequest.Undecided(AwaitedResult.DEADLINE_PASSED);
  }

  /** Decides purchases that this thread started. Each of them ends with an answer in any case. */
  private void decide(List<PendingPurchase> started, Deadline deadline) {
    PurchaseRequest.Answer defaultAnswer =
        new PurchaseRequest.Undecided(AwaitedResult.DEADLINE_PASSED);
    try {
      List<PendingPurchase> open = started;
      while (!open.isEmpty() && !deadline.passed()) {
        open = attempt(open, deadline);
      }
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "purchases were not decided", e);
      defaultAnswer = new PurchaseRequest.Undecided(String.valueOf(e.getMessage()));
    } finally {
      for (PendingPurchase pending : started) {
        if (!pending.outlivesRequest()) {
          pendingPurchases.end(pending, defaultAnswer);
        }
      }
    }
  }

  /**
   * Steps 3 to 6 for a batch of purchases.
   *
   * @return the purchases whose hold was taken back (step 5); they need another attempt with a
   *     fresh hold
   */
  private List<PendingPurchase> attempt(List<PendingPurchase> open, Deadline deadline) {
    List<Hold> holds = open.stream().map(pending -> newHold(pending.purchase())).toList();
    long askedAtMs = proposer.timeMs();
    List<CompletableFuture<Hold.Answer>> answers = catalog.holdAll(holds, deadline);
    List<PurchaseWithHold> held = new ArrayList<>(open.size());
    List<PendingPurchase> again = new ArrayList<>();
    Map<PendingPurchase, PurchaseRequest.Answer> refused = new LinkedHashMap<>();
    for (int i = 0; i < open.size(); i++) {
      PendingPurchase pending = open.get(i);
      switch (AwaitedResult.await(answers.get(i), deadline)) {
        case AwaitedResult.Failure<Hold.Answer> failure ->
            pending.answer().complete(failure.undecided());
        case AwaitedResult.Value<Hold.Answer>(Hold.Granted granted) ->
            held.add(new PurchaseWithHold(pending, holds.get(i).holdId(), granted));
        case AwaitedResult.Value<Hold.Answer>(Hold.AlreadyEnded over) -> again.add(pending);
        case AwaitedResult.Value<Hold.Answer>(Hold.InsufficientStock notEnough) ->
            refused.put(pending, new PurchaseRequest.OutOfStock(notEnough.left()));
        case AwaitedResult.Value<Hold.Answer>(Hold.NoSuchProduct unknown) ->
            refused.put(pending, new PurchaseRequest.UnknownProduct());
      }
    }
    placement.place(held, askedAtMs, again, deadline);
    refuse(refused, deadline);
    return again;
  }

  private static Hold newHold(PurchaseRequest purchase) {
    return new Hold(Uuids.fresh(), purchase.name(), purchase.quantity(), purchase.orderId());
  }

  /**
   * Refuses purchases for which the catalog holds no stock.
   *
   * <p>A refusal is final, so no earlier entry under the same order id may become an order later.
   * Such an entry could come from a request whose client stopped waiting. No request that this
   * leader is deciding has such an entry, because the order id would then still be pending. A fence
   * excludes all other entries: when the fence is applied, every entry that this leader appended
   * before it is decided, and the entries of earlier leaders were decided or truncated when this
   * leader took over.
   */
  private void refuse(Map<PendingPurchase, PurchaseRequest.Answer> refused, Deadline deadline) {
    if (refused.isEmpty()) {
      return;
    }
    try {
      var _ = proposer.fence(deadline.left());
    } catch (Exception e) {
      refused
          .keySet()
          .forEach(
              pending -> pending.answer().complete(new AwaitedResult.Failure<>(e).undecided()));
      return;
    }
    Map<UUID, OrderRow> existing =
        existing(refused.keySet().stream().map(PendingPurchase::purchase).toList());
    refused.forEach(
        (pending, answer) -> {
          OrderRow row = existing.get(pending.purchase().orderId());
          pending
              .answer()
              .complete(row == null ? answer : OrderNumbering.replay(row, pending.purchase()));
        });
  }
}
