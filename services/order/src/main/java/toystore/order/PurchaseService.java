package toystore.order;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.api.Hold;
import toystore.api.Ids;
import toystore.api.Purchase;
import toystore.api.StoreConfig;
import toystore.db.replication.IndeterminateException;
import toystore.db.replication.NotLeaderException;
import toystore.db.replication.ReplicatedLog;
import toystore.server.Batcher;
import toystore.server.Deadline;
import toystore.server.OverloadedException;

/**
 * The leader's part of a purchase (design, section 4, steps 3 to 6): answers ids that the log
 * holds, joins requests for an id under way, holds stock, puts the held ones into the log, and
 * tells the catalog what became of each hold.
 *
 * <p>Whatever fails on the way leaves the purchase undecided, never half done: a hold without an
 * order is resolved by the catalog, and an order without an answer is found under its id.
 */
final class PurchaseService implements AutoCloseable {
  private record UnderWay(Purchase purchase, CompletableFuture<Purchase.Answer> answer) {}

  private final OrderLog log;
  private final ReplicatedLog replicated;
  private final HoldDesk desk;
  private final Batcher<OrderCommand.Entry, OrderCommand.Outcome> entries;
  private final DistributionSummary batchSize;
  private final Counter placed;
  private final Map<UUID, UnderWay> underWay = new ConcurrentHashMap<>();

  /**
   * A service on this replica's log; it works while the replica leads.
   *
   * @param sizes most purchases of one log entry, and most that wait for a place in one
   */
  PurchaseService(
      OrderLog log,
      ReplicatedLog replicated,
      HoldDesk desk,
      StoreConfig.Batch sizes,
      MeterRegistry metrics) {
    this.log = log;
    this.replicated = replicated;
    this.desk = desk;
    // Two lanes: the next entry is on its way to the followers while one is being fsynced.
    this.entries =
        new Batcher<>("log-batch", sizes.maxSize(), sizes.maxQueued(), 2, this::putIntoLog);
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size").tag("hop", "log").register(metrics);
    this.placed = metrics.counter("toystore.orders.placed");
  }

  /** The time that commands carry: never behind the log's own, whatever this host's clock says. */
  long timeMs() {
    return Math.max(System.currentTimeMillis(), log.logTimeMs());
  }

  /** Decides a batch. Each answer is final for its purchase, except {@link Purchase.Undecided}. */
  List<Purchase.Answer> buy(List<Purchase> batch, Deadline deadline) {
    Map<UUID, OrderRow> existing =
        log.existing(batch.stream().map(Purchase::orderId).distinct().toList());
    List<CompletableFuture<Purchase.Answer>> answers = new ArrayList<>(batch.size());
    List<UnderWay> fresh = new ArrayList<>();
    for (Purchase purchase : batch) {
      OrderRow row = existing.get(purchase.orderId());
      answers.add(
          row != null
              ? CompletableFuture.completedFuture(OrderRules.replay(row, purchase))
              : joinOrBegin(purchase, fresh));
    }
    begin(fresh, deadline);
    return answers.stream().map(answer -> await(answer, deadline)).toList();
  }

  private CompletableFuture<Purchase.Answer> joinOrBegin(Purchase purchase, List<UnderWay> fresh) {
    UnderWay mine = new UnderWay(purchase, new CompletableFuture<>());
    UnderWay earlier = underWay.putIfAbsent(purchase.orderId(), mine);
    if (earlier == null) {
      fresh.add(mine);
      return mine.answer();
    }
    return earlier.answer().thenApply(answer -> joined(answer, earlier.purchase(), purchase));
  }

  /** The answer to a request that joined another one under the same id. */
  private static Purchase.Answer joined(Purchase.Answer answer, Purchase first, Purchase second) {
    if (first.equals(second)) {
      return answer instanceof Purchase.Placed placed
          ? new Purchase.Placed(placed.number(), placed.productVersion(), true)
          : answer;
    }
    return answer instanceof Purchase.Placed placed
        ? new Purchase.OtherBody(placed.number())
        : new Purchase.Undecided("another purchase under this id was under way");
  }

  private static Purchase.Answer await(
      CompletableFuture<Purchase.Answer> answer, Deadline deadline) {
    try {
      return answer.get(deadline.left().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return new Purchase.Undecided("the deadline passed");
    } catch (ExecutionException e) {
      return new Purchase.Undecided(String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Purchase.Undecided("the replica is stopping");
    }
  }

  private void begin(List<UnderWay> fresh, Deadline deadline) {
    List<Hold> holds = fresh.stream().map(w -> newHold(w.purchase())).toList();
    long askedAtMs = timeMs();
    List<CompletableFuture<Hold.Answer>> granted = desk.holdAll(holds);
    for (int i = 0; i < fresh.size(); i++) {
      UnderWay mine = fresh.get(i);
      Hold hold = holds.get(i);
      granted
          .get(i)
          .thenCompose(answer -> goOn(mine.purchase(), hold, answer, askedAtMs, deadline))
          .whenComplete(
              (answer, e) -> {
                underWay.remove(mine.purchase().orderId(), mine);
                mine.answer().complete(e == null ? answer : undecided(e));
              });
    }
  }

  private static Hold newHold(Purchase purchase) {
    return new Hold(Ids.fresh(), purchase.name(), purchase.quantity());
  }

  private static Purchase.Answer undecided(Throwable e) {
    Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
    return new Purchase.Undecided(
        switch (cause) {
          case NotLeaderException n -> "the leader has changed";
          case IndeterminateException i -> "the leader has changed while the order was written";
          case OverloadedException o -> "too many purchases wait";
          default -> String.valueOf(cause.getMessage());
        });
  }

  private CompletableFuture<Purchase.Answer> goOn(
      Purchase purchase, Hold hold, Hold.Answer answer, long askedAtMs, Deadline deadline) {
    return switch (answer) {
      case Hold.Granted granted ->
          place(purchase, hold, granted, askedAtMs)
              .thenCompose(outcome -> conclude(purchase, hold, granted, outcome, deadline));
      case Hold.NotEnough few ->
          CompletableFuture.completedFuture(new Purchase.OutOfStock(few.left()));
      case Hold.NoSuchProduct unknown ->
          CompletableFuture.completedFuture(new Purchase.UnknownProduct());
      case Hold.Over over -> again(purchase, deadline);
    };
  }

  private CompletableFuture<OrderCommand.Outcome> place(
      Purchase purchase, Hold hold, Hold.Granted granted, long askedAtMs) {
    return entries.submit(
        new OrderCommand.Entry(
            purchase.orderId(),
            hold.holdId(),
            purchase.name(),
            purchase.quantity(),
            granted.unitPriceCents(),
            granted.version(),
            askedAtMs));
  }

  private CompletableFuture<Purchase.Answer> conclude(
      Purchase purchase,
      Hold hold,
      Hold.Granted granted,
      OrderCommand.Outcome outcome,
      Deadline deadline) {
    if (OrderRules.freesOwnHold(outcome, hold.holdId())) {
      desk.released(hold.holdId());
    } else {
      desk.settled(hold.holdId());
    }
    return switch (outcome) {
      case OrderCommand.Numbered numbered -> {
        placed.increment();
        yield CompletableFuture.completedFuture(
            new Purchase.Placed(numbered.number(), granted.version(), false));
      }
      case OrderCommand.Duplicate duplicate ->
          CompletableFuture.completedFuture(OrderRules.replay(duplicate.row(), purchase));
      case OrderCommand.Voided voided -> again(purchase, deadline);
    };
  }

  /** Step 5: the hold was taken back because this leader was slow; once more with a fresh one. */
  private CompletableFuture<Purchase.Answer> again(Purchase purchase, Deadline deadline) {
    if (deadline.passed()) {
      return CompletableFuture.completedFuture(
          new Purchase.Undecided("the hold was taken back and the deadline passed"));
    }
    Hold hold = newHold(purchase);
    long askedAtMs = timeMs();
    return desk.holdAll(List.of(hold))
        .getFirst()
        .thenCompose(answer -> goOn(purchase, hold, answer, askedAtMs, deadline));
  }

  @SuppressWarnings("unchecked")
  private List<OrderCommand.Outcome> putIntoLog(List<OrderCommand.Entry> batch) throws Exception {
    batchSize.record(batch.size());
    byte[] command = new OrderCommand.Place(timeMs(), batch).encode();
    return (List<OrderCommand.Outcome>) result(command);
  }

  private Object result(byte[] command) throws Exception {
    try {
      return replicated.submit(command).get(LOG_SECONDS, TimeUnit.SECONDS).result();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private static final long LOG_SECONDS = 10;

  /** Step 7: decides doubtful holds by the log. */
  Hold.Outcomes resolve(List<UUID> holds) throws Exception {
    return (Hold.Outcomes) result(new OrderCommand.Resolve(timeMs(), holds).encode());
  }

  /** An index up to which all replicas can be compared, and the orders up to there. */
  ReplicatedLog.Applied fence() throws Exception {
    try {
      return replicated
          .submit(new OrderCommand.Fence(timeMs()).encode())
          .get(LOG_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Forgets tombstones from before this time. */
  void prune(long beforeMs) throws Exception {
    result(new OrderCommand.Prune(timeMs(), beforeMs).encode());
  }

  /** Purchases under way, by order id; for tests and metrics. */
  int underWay() {
    return underWay.size();
  }

  @Override
  public void close() {
    entries.close();
  }
}
