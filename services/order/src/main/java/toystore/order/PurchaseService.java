package toystore.order;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.node.rpc.OverloadedException;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.protocol.message.PurchaseRequest;

/**
 * The leader's part of a purchase (DESIGN.md of this module): answers ids that the log holds, joins
 * requests for an id under way, holds stock, puts the held ones into the log, and tells the catalog
 * what became of each hold.
 *
 * <p>Whatever fails on the way leaves the purchase undecided, never half done: a hold without an
 * order is resolved by the catalog, and an order without an answer is found under its id.
 */
final class PurchaseService {
  private static final System.Logger LOG = System.getLogger(PurchaseService.class.getName());
  private static final String PASSED = "the deadline passed";

  /** One purchase that this leader is at; by identity, since there is one for each order id. */
  private static final class UnderWay {
    private final PurchaseRequest purchase;
    private final CompletableFuture<PurchaseRequest.Answer> answer = new CompletableFuture<>();

    /** Its entry is decided after the deadline of the request that made it. */
    private boolean late;

    UnderWay(PurchaseRequest purchase) {
      this.purchase = purchase;
    }

    PurchaseRequest purchase() {
      return purchase;
    }

    CompletableFuture<PurchaseRequest.Answer> answer() {
      return answer;
    }
  }

  private final OrderLog log;
  private final ReplicatedLog replicated;
  private final HoldClient desk;
  private final DistributionSummary batchSize;
  private final Counter placed;
  private final Map<UUID, UnderWay> underWay = new ConcurrentHashMap<>();

  /** A service on this replica's log; it works while the replica leads. */
  PurchaseService(OrderLog log, ReplicatedLog replicated, HoldClient desk, MeterRegistry metrics) {
    this.log = log;
    this.replicated = replicated;
    this.desk = desk;
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size").tag("hop", "log").register(metrics);
    this.placed = metrics.counter("toystore.orders.placed");
  }

  /** The time that commands carry: never behind the log's own, whatever this host's clock says. */
  long timeMs() {
    return Math.max(System.currentTimeMillis(), log.logTimeMs());
  }

  /**
   * Decides a batch. Each answer is final for its purchase, except {@link
   * PurchaseRequest.Undecided}.
   */
  List<PurchaseRequest.Answer> buy(List<PurchaseRequest> batch, Deadline deadline) {
    Map<UUID, OrderRow> existing = existing(batch);
    List<CompletableFuture<PurchaseRequest.Answer>> answers = new ArrayList<>(batch.size());
    List<UnderWay> fresh = new ArrayList<>();
    for (PurchaseRequest purchase : batch) {
      OrderRow row = existing.get(purchase.orderId());
      answers.add(
          row != null
              ? CompletableFuture.completedFuture(OrderRules.replay(row, purchase))
              : joinOrBegin(purchase, fresh));
    }
    decide(fresh, deadline);
    return answers.stream().map(answer -> joined(answer, deadline)).toList();
  }

  private Map<UUID, OrderRow> existing(List<PurchaseRequest> purchases) {
    return log.existing(purchases.stream().map(PurchaseRequest::orderId).distinct().toList());
  }

  private CompletableFuture<PurchaseRequest.Answer> joinOrBegin(
      PurchaseRequest purchase, List<UnderWay> fresh) {
    UnderWay mine = new UnderWay(purchase);
    UnderWay earlier = underWay.putIfAbsent(purchase.orderId(), mine);
    if (earlier == null) {
      fresh.add(mine);
      return mine.answer();
    }
    return earlier.answer().thenApply(answer -> joined(answer, earlier.purchase(), purchase));
  }

  /** The answer to a request that joined another one under the same id. */
  private static PurchaseRequest.Answer joined(
      PurchaseRequest.Answer answer, PurchaseRequest first, PurchaseRequest second) {
    if (first.equals(second)) {
      return answer instanceof PurchaseRequest.Placed placed
          ? new PurchaseRequest.Placed(placed.number(), placed.productVersion(), true)
          : answer;
    }
    return answer instanceof PurchaseRequest.Placed placed
        ? new PurchaseRequest.OtherBody(placed.number())
        : new PurchaseRequest.Undecided("another purchase under this id was under way");
  }

  private static PurchaseRequest.Answer joined(
      CompletableFuture<PurchaseRequest.Answer> answer, Deadline deadline) {
    return await(answer, deadline) instanceof Got<PurchaseRequest.Answer> got
        ? got.value()
        : new PurchaseRequest.Undecided(PASSED);
  }

  /** Decides purchases that nobody else is at, whatever happens: each is answered at the end. */
  private void decide(List<UnderWay> fresh, Deadline deadline) {
    PurchaseRequest.Answer otherwise = new PurchaseRequest.Undecided(PASSED);
    try {
      List<UnderWay> open = fresh;
      while (!open.isEmpty() && !deadline.passed()) {
        open = attempt(open, deadline);
      }
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "purchases were not decided", e);
      otherwise = new PurchaseRequest.Undecided(String.valueOf(e.getMessage()));
    } finally {
      for (UnderWay mine : fresh) {
        if (!mine.late) {
          end(mine, otherwise);
        }
      }
    }
  }

  private void end(UnderWay of, PurchaseRequest.Answer otherwise) {
    of.answer().complete(otherwise);
    underWay.remove(of.purchase().orderId(), of);
  }

  /** A purchase whose stock is held, on its way into the log. */
  private record Held(UnderWay of, UUID holdId, Hold.Granted granted) {}

  /**
   * Steps 3 to 6, once for all of them together.
   *
   * @return those to try again under a fresh hold: step 5, theirs was taken back meanwhile
   */
  private List<UnderWay> attempt(List<UnderWay> open, Deadline deadline) {
    List<Hold> holds = open.stream().map(w -> newHold(w.purchase())).toList();
    long askedAtMs = timeMs();
    List<CompletableFuture<Hold.Answer>> answers = desk.holdAll(holds, deadline);
    List<Held> held = new ArrayList<>(open.size());
    List<UnderWay> again = new ArrayList<>();
    Map<UnderWay, PurchaseRequest.Answer> refused = new LinkedHashMap<>();
    for (int i = 0; i < open.size(); i++) {
      UnderWay mine = open.get(i);
      switch (await(answers.get(i), deadline)) {
        case Failed<Hold.Answer> failed -> mine.answer().complete(failed.undecided());
        case Got<Hold.Answer>(Hold.Granted granted) ->
            held.add(new Held(mine, holds.get(i).holdId(), granted));
        case Got<Hold.Answer>(Hold.Over over) -> again.add(mine);
        case Got<Hold.Answer>(Hold.NotEnough few) ->
            refused.put(mine, new PurchaseRequest.OutOfStock(few.left()));
        case Got<Hold.Answer>(Hold.NoSuchProduct unknown) ->
            refused.put(mine, new PurchaseRequest.UnknownProduct());
      }
    }
    place(held, askedAtMs, again, deadline);
    refuse(refused, deadline);
    return again;
  }

  private static Hold newHold(PurchaseRequest purchase) {
    return new Hold(Uuids.fresh(), purchase.name(), purchase.quantity(), purchase.orderId());
  }

  /**
   * The purchases of a batch become one entry of the log, and the log syncs its entries together.
   */
  private void place(List<Held> held, long askedAtMs, List<UnderWay> again, Deadline deadline) {
    if (held.isEmpty()) {
      return;
    }
    CompletableFuture<List<OrderLogCommand.Outcome>> outcomes =
        putIntoLog(held.stream().map(h -> entry(h, askedAtMs)).toList());
    Awaited<List<OrderLogCommand.Outcome>> awaited = await(outcomes, deadline);
    boolean late = !outcomes.isDone();
    for (int i = 0; i < held.size(); i++) {
      Held mine = held.get(i);
      switch (awaited) {
        case Failed<List<OrderLogCommand.Outcome>> failed when late -> endLater(mine, i, outcomes);
        // Whether an order names the hold is not known here: the catalog will ask for it.
        case Failed<List<OrderLogCommand.Outcome>> failed ->
            mine.of().answer().complete(failed.undecided());
        case Got<List<OrderLogCommand.Outcome>> got -> {
          PurchaseRequest.Answer answer = decided(mine, got.value().get(i));
          if (answer == null) {
            again.add(mine.of());
          } else {
            mine.of().answer().complete(answer);
          }
        }
      }
    }
  }

  /**
   * The request gives up, its entry is still on its way. Until that is decided, others that ask for
   * this purchase join it: on their own they might be refused before it gets into the log.
   */
  private void endLater(
      Held mine, int index, CompletableFuture<List<OrderLogCommand.Outcome>> outcomes) {
    UnderWay of = mine.of();
    of.late = true;
    outcomes.whenComplete(
        (got, e) -> {
          PurchaseRequest.Answer answer = null;
          try {
            answer =
                e == null ? decided(mine, got.get(index)) : new Failed<>(unwrapped(e)).undecided();
          } finally {
            // Whatever happens: an id that stays under way is never answered again.
            end(
                of,
                answer == null ? new PurchaseRequest.Undecided("its hold was taken back") : answer);
          }
        });
  }

  private static Throwable unwrapped(Throwable e) {
    return e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
  }

  private static OrderLogCommand.Entry entry(Held held, long askedAtMs) {
    PurchaseRequest purchase = held.of().purchase();
    return new OrderLogCommand.Entry(
        purchase.orderId(),
        held.holdId(),
        purchase.name(),
        purchase.quantity(),
        held.granted().unitPriceCents(),
        held.granted().version(),
        askedAtMs);
  }

  private void tellCatalog(Held held, OrderLogCommand.Outcome outcome) {
    if (OrderRules.freesOwnHold(outcome, held.holdId())) {
      desk.released(held.holdId());
    } else {
      desk.settled(held.holdId());
    }
  }

  /** Null where the hold was taken back, because this leader was slow. */
  private PurchaseRequest.@Nullable Answer decided(Held held, OrderLogCommand.Outcome outcome) {
    tellCatalog(held, outcome);
    return switch (outcome) {
      case OrderLogCommand.Numbered numbered -> {
        placed.increment();
        yield new PurchaseRequest.Placed(numbered.number(), held.granted().version(), false);
      }
      case OrderLogCommand.Duplicate duplicate ->
          OrderRules.replay(duplicate.row(), held.of().purchase());
      case OrderLogCommand.Voided voided -> null;
    };
  }

  /**
   * "Not enough" is final, so no earlier entry under this id may still be on its way into the log,
   * from a request whose client gave up. None of this leader's is, or the id would be under way by
   * that request. One more entry shows the rest: what this leader appended before is decided once
   * that is, and what an earlier leader left was decided or cut off when this one began to lead.
   */
  private void refuse(Map<UnderWay, PurchaseRequest.Answer> refused, Deadline deadline) {
    if (refused.isEmpty()) {
      return;
    }
    try {
      var _ = fence(deadline.left());
    } catch (Exception e) {
      refused.keySet().forEach(mine -> mine.answer().complete(new Failed<>(e).undecided()));
      return;
    }
    Map<UUID, OrderRow> existing =
        existing(refused.keySet().stream().map(UnderWay::purchase).toList());
    refused.forEach(
        (mine, answer) -> {
          OrderRow row = existing.get(mine.purchase().orderId());
          mine.answer().complete(row == null ? answer : OrderRules.replay(row, mine.purchase()));
        });
  }

  /** What waiting came to. */
  private sealed interface Awaited<T> {}

  private record Got<T>(T value) implements Awaited<T> {}

  private record Failed<T>(Throwable cause) implements Awaited<T> {
    PurchaseRequest.Undecided undecided() {
      return new PurchaseRequest.Undecided(
          switch (cause) {
            case NotLeaderException n -> "the leader has changed";
            case IndeterminateException i -> "the leader has changed while the order was written";
            case OverloadedException o -> "too many purchases wait";
            case TimeoutException t -> PASSED;
            case InterruptedException i -> "the replica is stopping";
            default -> String.valueOf(cause.getMessage());
          });
    }
  }

  private static <T> Awaited<T> await(CompletableFuture<T> future, Deadline deadline) {
    try {
      return new Got<>(deadline.await(future));
    } catch (ExecutionException e) {
      return new Failed<>(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      return new Failed<>(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Failed<>(e);
    }
  }

  private CompletableFuture<List<OrderLogCommand.Outcome>> putIntoLog(
      List<OrderLogCommand.Entry> batch) {
    batchSize.record(batch.size());
    return replicated
        .submit(new OrderLogCommand.Place(timeMs(), batch).encode())
        .thenApply(applied -> outcomes(applied, batch.size()));
  }

  @SuppressWarnings("unchecked")
  private static List<OrderLogCommand.Outcome> outcomes(ReplicatedLog.Applied applied, int wanted) {
    List<OrderLogCommand.Outcome> outcomes = (List<OrderLogCommand.Outcome>) applied.result();
    if (outcomes.size() != wanted) {
      throw new IllegalStateException(outcomes.size() + " outcomes of " + wanted + " purchases");
    }
    return outcomes;
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
  Hold.Outcomes resolve(List<Hold.Doubt> holds) throws Exception {
    return (Hold.Outcomes) result(new OrderLogCommand.Resolve(timeMs(), holds).encode());
  }

  /** An index up to which all replicas can be compared, and the orders up to there. */
  ReplicatedLog.Applied fence() throws Exception {
    return fence(Duration.ofSeconds(LOG_SECONDS));
  }

  private ReplicatedLog.Applied fence(Duration patience) throws Exception {
    try {
      return replicated
          .submit(new OrderLogCommand.Fence(timeMs()).encode())
          .get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Forgets tombstones from before this time. */
  void prune(long beforeMs) throws Exception {
    result(new OrderLogCommand.Prune(timeMs(), beforeMs).encode());
  }
}
