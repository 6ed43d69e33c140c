package toystore.catalog;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import toystore.cache.CacheSessions;
import toystore.cache.ChangePublisher;
import toystore.client.Deadline;
import toystore.config.ProductCsv;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.node.replica.Replica;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Product;
import toystore.protocol.message.Hold;

/**
 * The leader's part of the catalog: puts holds, outcomes and restocks into the log, and publishes
 * what clients see of them.
 */
final class CatalogService implements Replica.Leadership {
  private static final System.Logger LOG = System.getLogger(CatalogService.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long RETRY_MS = 200;

  private final CatalogState state;
  private final ReplicatedLog log;
  private final ChangePublisher publisher;
  private final CacheSessions sessions;
  private final List<ProductCsv.Item> firstProducts;
  private final Map<Class<? extends Hold.Answer>, Counter> holdCounters;
  private final Runnable onOpen;

  /** Completes when this leader may show products; a new one for each time that it leads. */
  private volatile CompletableFuture<Void> opened = new CompletableFuture<>();

  CatalogService(
      CatalogState state,
      ReplicatedLog log,
      ChangePublisher publisher,
      CacheSessions sessions,
      List<ProductCsv.Item> firstProducts,
      Runnable onOpen,
      MeterRegistry metrics) {
    this.state = state;
    this.log = log;
    this.publisher = publisher;
    this.sessions = sessions;
    this.firstProducts = firstProducts;
    this.onOpen = onOpen;
    this.holdCounters =
        Map.of(
            Hold.Granted.class, holds(metrics, "granted"),
            Hold.NotEnough.class, holds(metrics, "not_enough"),
            Hold.NoSuchProduct.class, holds(metrics, "no_such_product"),
            Hold.Over.class, holds(metrics, "over"));
  }

  private static Counter holds(MeterRegistry metrics, String outcome) {
    return metrics.counter("toystore.holds", "outcome", outcome);
  }

  /** The time that commands carry: never behind the log's own, whatever this host's clock says. */
  long timeMs() {
    return Math.max(System.currentTimeMillis(), state.logTimeMs());
  }

  @Override
  public synchronized void began(long term) {
    CompletableFuture<Void> mine = shut();
    Thread.ofVirtual().name("open-catalog").start(() -> open(mine));
  }

  @Override
  public synchronized void ended() {
    shut();
  }

  /** Who waits for the time before is told to ask again. */
  private CompletableFuture<Void> shut() {
    CompletableFuture<Void> before = opened;
    CompletableFuture<Void> next = new CompletableFuture<>();
    opened = next;
    sessions.close();
    before.completeExceptionally(new IllegalStateException("the leader has changed"));
    return next;
  }

  /**
   * A catalog that starts or takes over shows nothing before one full lease has passed ({@link
   * CacheSessions#untilOpen}). A catalog without products has no past that caches could hold.
   */
  private void open(CompletableFuture<Void> mine) {
    try {
      if (state.isEmpty()) {
        importFirstProducts(mine);
      } else {
        Thread.sleep(sessions.untilOpen());
      }
      show(mine);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      mine.completeExceptionally(e);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "the catalog could not be opened", e);
      mine.completeExceptionally(e);
    }
  }

  @SuppressWarnings("ReferenceEquality") // this very future, as long as this node leads
  private synchronized void show(CompletableFuture<Void> mine) {
    // Else this node was deposed meanwhile, and has to wait anew if it leads again.
    if (opened == mine) {
      publisher.reset(versioned(state.products()));
      sessions.open();
      onOpen.run();
      mine.complete(null);
    }
  }

  private static List<Product.Versioned> versioned(Collection<ProductRow> rows) {
    return rows.stream().map(ProductRow::product).toList();
  }

  /**
   * Until it is done or another node leads: an import that came late is simply found to be there.
   */
  @SuppressWarnings("ReferenceEquality") // this very future, as long as this node leads
  private void importFirstProducts(CompletableFuture<Void> mine) throws InterruptedException {
    List<CatalogCommand.Line> lines = firstProducts.stream().map(CatalogCommand.Line::of).toList();
    while (state.isEmpty() && opened == mine) {
      try {
        submit(new CatalogCommand.Import(timeMs(), lines));
        LOG.log(Level.INFO, "imported {0} products", lines.size());
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        logUnlessDeposed("importing the first products", e);
        Thread.sleep(RETRY_MS);
      }
    }
  }

  /** Whether products may be shown now. */
  boolean isOpen() {
    return isOpen(opened);
  }

  private static boolean isOpen(CompletableFuture<Void> leadership) {
    return leadership.isDone() && !leadership.isCompletedExceptionally();
  }

  /**
   * Waits until this leader may show products.
   *
   * @throws ApiException 503 if that takes longer
   */
  void awaitOpen(Duration patience) throws InterruptedException {
    try {
      opened.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new ApiException(503, "the catalog is not open yet", e);
    }
  }

  /** Holds stock and takes outcomes; the answers are given once clients are shown the change. */
  List<Hold.Answer> hold(Hold.Batch batch) throws Exception {
    CatalogCommand.Change change =
        new CatalogCommand.Change(timeMs(), batch.holds(), batch.outcomes());
    CatalogCommand.Result result = commit(change, likelyToChange(change.holds()));
    result.answers().forEach(this::count);
    return result.answers();
  }

  /**
   * The products that these holds will probably change: what readers are shown of them is enough.
   * Of any others that the command changes, caches are told after the commit. A released hold does
   * not name its product, and a caches' round for what is then refused would be for nothing.
   */
  private Set<String> likelyToChange(List<Hold> holds) {
    return holds.stream()
        .filter(hold -> isShown(hold.name(), hold.quantity()))
        .map(Hold::name)
        .collect(Collectors.toSet());
  }

  private boolean isShown(String name, int quantity) {
    Product.Versioned shown = publisher.product(name);
    return shown != null && shown.product().quantity() >= quantity;
  }

  /**
   * Puts a command into the log and publishes what it made. Caches are told to forget the announced
   * products meanwhile, so that clients wait for the longer of the two and not for their sum.
   *
   * <p>If the outcome is not known, nothing is published: caches may keep again what is shown. Were
   * the command applied after all, then no answer has spoken of it, and the first one that does
   * publishes it before ({@link CatalogCommand.Result#visible}).
   *
   * <p>All in one leadership, from when it was open: since it was asked for, another catalog may
   * have led, whose leases this one does not know and has to wait for.
   */
  @SuppressWarnings("ReferenceEquality") // this very leadership
  private CatalogCommand.Result commit(CatalogCommand command, Set<String> announced)
      throws Exception {
    CompletableFuture<Void> mine = opened;
    if (!isOpen(mine)) {
      throw new NotLeaderException(log.status().leader());
    }
    try (ChangePublisher.Announcement change = publisher.announce(announced)) {
      CompletableFuture<ReplicatedLog.Applied> applied = log.submit(command.encode());
      if (!applied.isCompletedExceptionally()) {
        change.tell();
      }
      CatalogCommand.Result result = (CatalogCommand.Result) await(applied).result();
      if (opened != mine) {
        throw new IndeterminateException("the leader has changed meanwhile", null);
      }
      change.publish(versioned(result.visible().values()), PATIENCE);
      return result;
    }
  }

  private void count(Hold.Answer answer) {
    Counter counter = holdCounters.get(answer.getClass());
    if (counter != null) {
      counter.increment();
    }
  }

  /** Fills what is out of stock; says whether there was anything. */
  boolean restock(long wanted) throws Exception {
    // Also what an earlier restock of unknown outcome made: clients would not ask for it.
    publisher.publish(versioned(state.products()), PATIENCE);
    if (!state.anythingOutOfStock()) {
      return false;
    }
    Set<String> empty =
        state.products().stream()
            .filter(p -> p.onHand() == 0)
            .map(ProductRow::name)
            .collect(Collectors.toSet());
    CatalogCommand.Result result = commit(new CatalogCommand.Restock(timeMs(), wanted), empty);
    result
        .visible()
        .forEach((name, row) -> LOG.log(Level.INFO, "restocked {0} to {1}", name, row.onHand()));
    return !result.visible().isEmpty();
  }

  /** Forgets holds that ended before this time. */
  void prune(long beforeMs) throws Exception {
    submit(new CatalogCommand.Prune(timeMs(), beforeMs));
  }

  /** The index at which every replica keeps what it holds, for a comparison. */
  long fence() throws Exception {
    return await(log.submit(new CatalogCommand.Fence(timeMs()).encode())).index();
  }

  private CatalogCommand.Result submit(CatalogCommand command) throws Exception {
    return (CatalogCommand.Result) await(log.submit(command.encode())).result();
  }

  private static <T> T await(CompletableFuture<T> future) throws Exception {
    try {
      return Deadline.in(PATIENCE).await(future);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Whether this node leads; what it does on a timer is for the leader alone. */
  boolean leads() {
    return log.leads() && isOpen();
  }

  /** A follower serves by being there; a leader once it may show products. */
  boolean serves() {
    return !log.leads() || isOpen();
  }

  /** What a timer's work failed with is worth a line, unless another node leads now. */
  static void logUnlessDeposed(String what, Exception e) {
    if (!(e instanceof NotLeaderException)) {
      LOG.log(Level.WARNING, what + " failed and will be tried again", e);
    }
  }
}
