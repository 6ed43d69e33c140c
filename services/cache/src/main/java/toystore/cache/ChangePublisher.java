package toystore.cache;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.client.http.SilenceCheck;
import toystore.config.BatchSettings;
import toystore.node.rpc.Batcher;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Product;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.ProductReadRequest;

/**
 * Publishes changes of products (promise P5). While a change becomes durable, all caches receive an
 * invalidation. When the change is durable and all caches have removed the product, the change is
 * published: readers see it, and the purchase that caused it is answered.
 *
 * <p>Changes that are announced during an invalidation round form the next round and share one
 * message. {@link CacheSessions}, {@link PublishedProducts}, {@link PendingChange} and {@link
 * InvalidationRound} decide; this class sends.
 */
public final class ChangePublisher implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ChangePublisher.class.getName());
  private static final long RETRY_MS = 20;
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);

  private final NodeCaller caller;
  private final CacheSessions sessions;
  private final PublishedProducts published = new PublishedProducts();
  private final Timer rounds;
  private final Batcher<PendingChange, Boolean> batches;

  /** Creates a publisher that shows no products yet. */
  public ChangePublisher(
      NodeCaller caller, CacheSessions sessions, BatchSettings sizes, MeterRegistry metrics) {
    this.caller = caller;
    this.sessions = sessions;
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
     * Sends the invalidations, on this thread if no round is in progress. Call this once, after the
     * change was submitted to the log, because committing it takes about as long.
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
     * Publishes the products that the change has made, and returns when readers see them. Products
     * that readers already see need no invalidation. Products that were not announced are
     * invalidated now.
     *
     * @param products the durable state
     * @param timeout how long to wait for a round that another thread runs. A round that this
     *     thread runs ends when the leases expire, at the latest
     * @throws TimeoutException if the other thread's round takes longer
     */
    public void publish(Collection<Product.Versioned> products, Duration timeout) throws Exception {
      List<Product.Versioned> unseen = products.stream().filter(published::unseen).toList();
      List<Product.Versioned> expected = unseen.stream().filter(this::wasAnnounced).toList();
      List<Product.Versioned> others = unseen.stream().filter(p -> !wasAnnounced(p)).toList();
      if (others.isEmpty()) {
        show(expected, timeout);
        return;
      }
      try (Announcement late = announce(others.stream().map(p -> p.product().name()).toList())) {
        show(expected, timeout);
        late.invalidate();
        late.show(others, timeout);
      }
    }

    private boolean wasAnnounced(Product.Versioned product) {
      return change.names.contains(product.product().name());
    }

    private void show(List<Product.Versioned> made, Duration timeout) throws Exception {
      if (made.isEmpty()) {
        return;
      }
      try {
        invalidated.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
      change.show(made);
    }

    /** Ends the change. If it was not published, it is treated as a change with unknown outcome. */
    @Override
    public void close() {
      change.end();
    }
  }

  /**
   * Announces that these products may change. From now on, answers to caches say that these
   * products must not be cached. Before the change is published, the caches must be {@linkplain
   * Announcement#invalidate invalidated}.
   */
  public Announcement announce(Collection<String> names) {
    return new Announcement(names);
  }

  /** Publishes products whose change was not announced. */
  public void publish(Collection<Product.Versioned> products, Duration timeout) throws Exception {
    try (Announcement nothing = announce(List.of())) {
      nothing.publish(products, timeout);
    }
  }

  /**
   * Shows this state at once. Call this only while no lease is valid, so that no cache can show an
   * older state. Everything that was shown before came from the same log, so the newer of two
   * versions is the right one.
   */
  public void reset(Collection<Product.Versioned> products) {
    published.show(products);
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
      run(new InvalidationRound(sessions, changes));
      rounds.record(Duration.ofNanos(System.nanoTime() - begun));
    }
    return announced.stream().map(change -> true).toList();
  }

  /** The response of a front end to an invalidation, or the failure if there was none. */
  private record InvalidationResponse(
      CacheSessions.Recipient from, int status, @Nullable Throwable failure) {}

  /**
   * Runs a round. Returns when every session has acknowledged or its lease has expired. Responses
   * are processed as they arrive, so that one front end that hangs does not make the
   * acknowledgements of others count as late.
   */
  private void run(InvalidationRound round) throws InterruptedException {
    List<String> names = List.copyOf(round.names());
    BlockingQueue<InvalidationResponse> responses = new LinkedBlockingQueue<>();
    Collection<CacheSessions.Recipient> recipients = round.waitedFor();
    if (recipients.size() == 1) {
      // There is only one response to wait for, so this thread can wait for it itself.
      responses.add(sendAndWait(recipients.iterator().next(), names));
    } else {
      recipients.forEach(r -> send(r, names, responses));
    }
    while (!isOver(round)) {
      InvalidationResponse next =
          responses.poll(shortestLease(round).toMillis() + 1, TimeUnit.MILLISECONDS);
      if (next != null) {
        process(round, next);
        if (round.waitsFor(next.from().session())) {
          CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS)
              .execute(() -> sendAgain(next.from(), names, responses));
        }
      }
    }
    round.end();
  }

  private static boolean isOver(InvalidationRound round) {
    Collection<CacheSessions.Recipient> waitedFor = round.waitedFor();
    boolean over = round.isOver();
    for (CacheSessions.Recipient recipient : waitedFor) {
      if (!round.waitedFor.containsKey(recipient.session())) {
        LOG.log(Level.INFO, "{0} did not answer for one lease: its session ends", recipient.url());
      }
    }
    return over;
  }

  private void sendAgain(
      CacheSessions.Recipient recipient,
      List<String> names,
      Queue<InvalidationResponse> responses) {
    if (sessions.remainingLease(recipient.session()).isPositive()) {
      send(recipient, names, responses);
    }
  }

  private Duration shortestLease(InvalidationRound round) {
    return round.waitedFor().stream()
        .map(r -> sessions.remainingLease(r.session()))
        .min(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  private static void process(InvalidationRound round, InvalidationResponse response) {
    CacheSessions.Recipient from = response.from();
    if (response.failure() != null) {
      LOG.log(Level.DEBUG, from.url() + " did not answer an invalidation", response.failure());
      return;
    }
    round.answered(from.session(), response.status());
    if (round.waitedFor.containsKey(from.session())) {
      LOG.log(Level.WARNING, "{0} answered {1} to an invalidation", from.url(), response.status());
    }
  }

  private void send(
      CacheSessions.Recipient recipient,
      List<String> names,
      Queue<InvalidationResponse> responses) {
    send(recipient, names)
        .whenComplete(
            (reply, e) ->
                responses.add(
                    new InvalidationResponse(recipient, e == null ? reply.status() : 0, e)));
  }

  private CompletableFuture<NodeReply> send(CacheSessions.Recipient recipient, List<String> names) {
    return caller.call(
        recipient.url() + ApiPaths.INVALIDATION, message(recipient, names), timeout(recipient));
  }

  private InvalidationResponse sendAndWait(CacheSessions.Recipient recipient, List<String> names)
      throws InterruptedException {
    try {
      NodeReply reply =
          caller.send(
              recipient.url() + ApiPaths.INVALIDATION,
              message(recipient, names),
              timeout(recipient),
              SilenceCheck.NONE);
      return new InvalidationResponse(recipient, reply.status(), null);
    } catch (IOException | RuntimeException e) {
      return new InvalidationResponse(recipient, 0, e);
    }
  }

  private static byte[] message(CacheSessions.Recipient recipient, List<String> names) {
    return MessageCodec.toCbor(new CacheLeaseMessages.Invalidation(recipient.session(), names));
  }

  /** The remaining lease of the session: after that, nobody waits for its response. */
  private Duration timeout(CacheSessions.Recipient recipient) {
    return longer(sessions.remainingLease(recipient.session()), SHORTEST_TIMEOUT);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  @Override
  public void close() {
    batches.close();
  }
}
