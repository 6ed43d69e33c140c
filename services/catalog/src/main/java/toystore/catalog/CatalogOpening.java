package toystore.catalog;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.cache.CacheSessions;
import toystore.cache.ChangePublisher;
import toystore.config.ProductCsv;
import toystore.node.replica.LeadershipListener;
import toystore.protocol.api.ApiException;

/**
 * Decides when this catalog may publish products. A catalog that becomes leader opens after one
 * full lease: until then, caches may keep products that an earlier leader published.
 */
final class CatalogOpening implements LeadershipListener {
  private static final System.Logger LOG = System.getLogger(CatalogOpening.class.getName());
  private static final long IMPORT_RETRY_MS = 200;

  private final CatalogState state;
  private final CatalogProposer proposer;
  private final ChangePublisher publisher;
  private final CacheSessions sessions;
  private final List<ProductCsv.Item> firstProducts;
  private final Runnable onOpen;

  /**
   * Completes when the catalog opens in the present leadership. Each leadership has a future of its
   * own.
   */
  private volatile CompletableFuture<Void> opened = new CompletableFuture<>();

  /**
   * Creates a closed catalog.
   *
   * @param firstProducts imported if the catalog has no products
   * @param onOpen called each time the catalog opens
   */
  CatalogOpening(
      CatalogState state,
      CatalogProposer proposer,
      ChangePublisher publisher,
      CacheSessions sessions,
      List<ProductCsv.Item> firstProducts,
      Runnable onOpen) {
    this.state = state;
    this.proposer = proposer;
    this.publisher = publisher;
    this.sessions = sessions;
    this.firstProducts = firstProducts;
    this.onOpen = onOpen;
  }

  @Override
  public synchronized void leadershipStarted(long term) {
    CompletableFuture<Void> leadership = close();
    Thread.ofVirtual().name("open-catalog").start(() -> open(leadership));
  }

  @Override
  public synchronized void leadershipEnded() {
    close();
  }

  /** Fails the requests that wait for the previous leadership; their clients retry. */
  private CompletableFuture<Void> close() {
    CompletableFuture<Void> previous = opened;
    CompletableFuture<Void> next = new CompletableFuture<>();
    opened = next;
    sessions.close();
    previous.completeExceptionally(new IllegalStateException("the leader has changed"));
    return next;
  }

  /**
   * Waits for one full lease ({@link CacheSessions#untilOpen}), then opens. A catalog without
   * products does not wait: no cache can contain any of its products.
   */
  private void open(CompletableFuture<Void> leadership) {
    try {
      if (state.isEmpty()) {
        importFirstProducts(leadership);
      } else {
        Thread.sleep(sessions.untilOpen());
      }
      publishAndOpen(leadership);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      leadership.completeExceptionally(e);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "the catalog could not be opened", e);
      leadership.completeExceptionally(e);
    }
  }

  private synchronized void publishAndOpen(CompletableFuture<Void> leadership) {
    // A catalog that was deposed while it waited must wait again if it leads again.
    if (isCurrent(leadership)) {
      publisher.publishAtOnce(CatalogService.versioned(state.products()));
      sessions.open();
      onOpen.run();
      leadership.complete(null);
    }
  }

  /**
   * Retries until the products are imported or another catalog leads. An import whose outcome was
   * unknown may have succeeded; the catalog is then no longer empty.
   */
  private void importFirstProducts(CompletableFuture<Void> leadership) throws InterruptedException {
    List<CatalogCommand.Line> lines = firstProducts.stream().map(CatalogCommand.Line::of).toList();
    while (state.isEmpty() && isCurrent(leadership)) {
      try {
        var _ = proposer.apply(new CatalogCommand.Import(proposer.timeMs(), lines));
        LOG.log(Level.INFO, "imported {0} products", lines.size());
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        CatalogProposer.logUnlessDeposed("importing the first products", e);
        Thread.sleep(IMPORT_RETRY_MS);
      }
    }
  }

  /** The future of the present leadership; it completes when the catalog opens. */
  CompletableFuture<Void> currentLeadership() {
    return opened;
  }

  /** Whether no leadership has begun or ended since this future was current. */
  @SuppressWarnings("ReferenceEquality") // each leadership has a future of its own
  boolean isCurrent(CompletableFuture<Void> leadership) {
    return opened == leadership;
  }

  /** Whether products may be published now. */
  boolean isOpen() {
    return isOpen(opened);
  }

  static boolean isOpen(CompletableFuture<Void> leadership) {
    return leadership.isDone() && !leadership.isCompletedExceptionally();
  }

  /**
   * Waits until the catalog is open.
   *
   * @throws ApiException 503 if it does not open in time
   */
  void awaitOpen(Duration timeout) throws InterruptedException {
    try {
      opened.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new ApiException(503, "the catalog is not open yet", e);
    }
  }

  /** Whether this catalog leads and is open. Timers of the leader work only then. */
  boolean leads() {
    return proposer.leads() && isOpen();
  }

  /** Whether the node is ready: a follower always is, a leader once it is open. */
  boolean isReady() {
    return !proposer.leads() || isOpen();
  }
}
