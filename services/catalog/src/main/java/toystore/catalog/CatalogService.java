package toystore.catalog;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import toystore.cache.ChangePublisher;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.protocol.api.Product;
import toystore.protocol.message.Hold;

/**
 * The operations of a leading catalog: proposes holds, outcomes and restocks to the log, and
 * publishes what they change before clients get the answers.
 */
final class CatalogService {
  private static final System.Logger LOG = System.getLogger(CatalogService.class.getName());

  private final CatalogState state;
  private final CatalogProposer proposer;
  private final CatalogOpening opening;
  private final ChangePublisher publisher;
  private final Map<Class<? extends Hold.Answer>, Counter> holdCounters;

  CatalogService(
      CatalogState state,
      CatalogProposer proposer,
      CatalogOpening opening,
      ChangePublisher publisher,
      MeterRegistry metrics) {
    this.state = state;
    this.proposer = proposer;
    this.opening = opening;
    this.publisher = publisher;
    this.holdCounters =
        Map.of(
            Hold.Granted.class, holds(metrics, "granted"),
            Hold.InsufficientStock.class, holds(metrics, "not_enough"),
            Hold.NoSuchProduct.class, holds(metrics, "no_such_product"),
            Hold.AlreadyEnded.class, holds(metrics, "over"));
  }

  private static Counter holds(MeterRegistry metrics, String outcome) {
    return metrics.counter("toystore.holds", "outcome", outcome);
  }

  static List<Product.Versioned> versioned(Collection<ProductRow> rows) {
    return rows.stream().map(ProductRow::product).toList();
  }

  /** Applies the outcomes of earlier holds and makes new holds. Returns after publishing both. */
  List<Hold.Answer> hold(Hold.Batch batch) throws Exception {
    CatalogCommand.Change change =
        new CatalogCommand.Change(proposer.timeMs(), batch.holds(), batch.outcomes());
    CatalogCommand.Result result = commit(change, expectedToChange(change.holds()));
    result.answers().forEach(this::count);
    return result.answers();
  }

  /**
   * The products that these holds will probably change, judged by the published quantities. Other
   * products that the command changes are announced to caches after the commit. These are products
   * of released holds, because a release does not name its product. A hold that will be refused is
   * not counted, because announcing its product would make caches drop it for no reason.
   */
  private Set<String> expectedToChange(List<Hold> holds) {
    return holds.stream()
        .filter(hold -> isPublished(hold.name(), hold.quantity()))
        .map(Hold::name)
        .collect(Collectors.toSet());
  }

  private boolean isPublished(String name, int quantity) {
    Product.Versioned published = publisher.product(name);
    return published != null && published.product().quantity() >= quantity;
  }

  /**
   * Proposes a command and publishes what it changes. While the command commits, caches are told to
   * drop the announced products. So a client waits for the longer of the two, not for their sum.
   *
   * <p>If the outcome is unknown, nothing is published, and caches may keep the published products
   * again. If the command is applied nevertheless, no answer has described its effect yet; the
   * first answer that does publishes it first ({@link CatalogCommand.Result#visible}).
   *
   * <p>The catalog must be open and lead without interruption. If another catalog led in between,
   * that catalog granted leases that this one does not know and must wait for.
   */
  private CatalogCommand.Result commit(CatalogCommand command, Set<String> announced)
      throws Exception {
    CompletableFuture<Void> leadership = opening.currentLeadership();
    if (!CatalogOpening.isOpen(leadership)) {
      throw new NotLeaderException(proposer.leader());
    }
    try (ChangePublisher.Announcement change = publisher.announce(announced)) {
      CompletableFuture<ReplicatedLog.Applied> applied = proposer.submit(command);
      if (!applied.isCompletedExceptionally()) {
        change.invalidate();
      }
      CatalogCommand.Result result =
          (CatalogCommand.Result) CatalogProposer.await(applied).result();
      if (!opening.isCurrent(leadership)) {
        throw new IndeterminateException("the leader has changed meanwhile", null);
      }
      change.publish(versioned(result.visible().values()), CatalogProposer.TIMEOUT);
      return result;
    }
  }

  private void count(Hold.Answer answer) {
    Counter counter = holdCounters.get(answer.getClass());
    if (counter != null) {
      counter.increment();
    }
  }

  /**
   * Restocks the products that are out of stock.
   *
   * @param wanted the quantity on hand afterwards
   * @return whether any product was out of stock
   */
  boolean restock(long wanted) throws Exception {
    // An earlier restock of unknown outcome may have been applied. No client would ask for what it
    // restocked, so nothing else would publish it.
    publisher.publish(versioned(state.products()), CatalogProposer.TIMEOUT);
    if (!state.anythingOutOfStock()) {
      return false;
    }
    Set<String> empty =
        state.products().stream()
            .filter(p -> p.onHand() == 0)
            .map(ProductRow::name)
            .collect(Collectors.toSet());
    CatalogCommand.Result result =
        commit(new CatalogCommand.Restock(proposer.timeMs(), wanted), empty);
    result
        .visible()
        .forEach((name, row) -> LOG.log(Level.INFO, "restocked {0} to {1}", name, row.onHand()));
    return !result.visible().isEmpty();
  }

  /** Deletes the ended holds that were asked for before a time. */
  void prune(long beforeMs) throws Exception {
    var _ = proposer.apply(new CatalogCommand.Prune(proposer.timeMs(), beforeMs));
  }

  /** Proposes a fence and returns its index. Every replica keeps what it held at that index. */
  long fence() throws Exception {
    return proposer.apply(new CatalogCommand.Fence(proposer.timeMs())).index();
  }
}
