package toystore.cache;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.config.BatchSettings;
import toystore.node.rpc.Batcher;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.api.Product;
import toystore.protocol.message.ProductReadRequest;

/**
 * Publishes changes of products (promise P5). While a change becomes durable, all caches receive an
 * invalidation. When the change is durable and all caches have removed the product, the change is
 * published: readers see it, and the purchase that caused it is answered.
 *
 * <p>Changes that are announced during an invalidation round form the next round and share one
 * message. The steps of a change are those of DESIGN.md of this module.
 */
public final class ChangePublisher implements AutoCloseable {
  private final CacheSessions sessions;
  private final InvalidationSender sender;
  private final PublishedProducts published = new PublishedProducts();
  private final Timer rounds;
  private final Batcher<PendingChange, Boolean> batches;

  /** Creates a publisher without any products. */
  public ChangePublisher(
      NodeCaller caller, CacheSessions sessions, BatchSettings sizes, MeterRegistry metrics) {
    this.sessions = sessions;
    this.sender = new InvalidationSender(caller, sessions);
    this.rounds = metrics.timer("toystore.invalidation.round");
    // One lane: changes that are announced during a round form the next round.
    this.batches = new Batcher<>("publish", sizes.maxSize(), sizes.maxQueued(), 1, this::runRound);
  }

  /** An announced change. Close it in any case, also if the change does not happen. */
  public final class Announcement implements AutoCloseable {
    private final PendingChange change;
    private final CompletableFuture<Boolean> invalidated = new CompletableFuture<>();

    private Announcement(Collection<String> names) {
      this.change = new PendingChange(published, names);
    }

    /**
     * Sends the invalidations (step 2), on this thread if no round is in progress. Call this once,
     * after the change was submitted to the log, so that the round and the commit run at the same
     * time.
     */
    public void invalidate() {
      if (change.names.isEmpty()) {
        invalidated.complete(true);
        return;
      }
      batches
          .sendAll(List.of(change))
          .getFirst()
          .whenComplete(
              (all, e) -> {
                if (e == null) {
                  invalidated.complete(all);
                } else {
                  invalidated.completeExceptionally(e);
                }
              });
    }

    /**
     * Publishes the new versions of the changed products (step 3), and returns when readers see
     * them. Products that readers already see need no invalidation. Products that were not
     * announced are invalidated now (step 5).
     *
     * @param products the new states, which must be durable
     * @param timeout how long to wait for a round that another thread runs. A round that this
     *     thread runs ends when the leases expire, at the latest
     * @throws TimeoutException if the other thread's round takes longer
     */
    public void publish(Collection<Product.Versioned> products, Duration timeout) throws Exception {
      List<Product.Versioned> newer = products.stream().filter(published::isNewer).toList();
      List<Product.Versioned> expected = newer.stream().filter(this::wasAnnounced).toList();
      List<Product.Versioned> others = newer.stream().filter(p -> !wasAnnounced(p)).toList();
      if (others.isEmpty()) {
        publishInvalidated(expected, timeout);
        return;
      }
      try (Announcement late = announce(others.stream().map(p -> p.product().name()).toList())) {
        publishInvalidated(expected, timeout);
        late.invalidate();
        late.publishInvalidated(others, timeout);
      }
    }

    private boolean wasAnnounced(Product.Versioned product) {
      return change.names.contains(product.product().name());
    }

    /** Waits for the invalidation round of this change (step 3) and publishes the products. */
    private void publishInvalidated(List<Product.Versioned> made, Duration timeout)
        throws Exception {
      if (made.isEmpty()) {
        return;
      }
      try {
        invalidated.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
      change.publish(made);
    }

    /** Ends the change. If it was not published, its outcome counts as unknown (step 4). */
    @Override
    public void close() {
      change.end();
    }
  }

  /**
   * Announces that these products may change (step 1). From now on, answers to caches say that
   * these products must not be cached. Before the change is published, the caches must be
   * {@linkplain Announcement#invalidate invalidated}.
   */
  public Announcement announce(Collection<String> names) {
    return new Announcement(names);
  }

  /** Publishes products whose change was not announced. */
  public void publish(Collection<Product.Versioned> products, Duration timeout) throws Exception {
    try (Announcement unannounced = announce(List.of())) {
      unannounced.publish(products, timeout);
    }
  }

  /**
   * Publishes this state at once. Call this only while no lease is valid, so that no cache can show
   * an older state. Everything that was published before came from the same log, so the newer of
   * two versions is the right one.
   */
  public void publishAtOnce(Collection<Product.Versioned> products) {
    published.publish(products);
  }

  public Product.@Nullable Versioned product(String name) {
    return published.product(name);
  }

  /** The answer to a front end that does not have a product in its cache. */
  public ProductReadRequest.Answer read(String name) {
    return published.read(name);
  }

  public List<Product.Versioned> products() {
    return published.products();
  }

  private List<Boolean> runRound(List<PendingChange> announced) throws InterruptedException {
    List<PendingChange> changes =
        announced.stream().filter(c -> c.stage() != PendingChange.Stage.ENDED).toList();
    if (!changes.isEmpty()) {
      long begun = System.nanoTime();
      sender.run(new InvalidationRound(sessions, changes));
      rounds.record(Duration.ofNanos(System.nanoTime() - begun));
    }
    return announced.stream().map(change -> true).toList();
  }

  @Override
  public void close() {
    batches.close();
  }
}
