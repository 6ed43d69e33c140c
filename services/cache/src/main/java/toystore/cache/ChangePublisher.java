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
 * What clients may be shown. Caches are told to forget a product while its change becomes durable;
 * after both, and only then, it is published: shown to any reader, and the purchase answered
 * (promise P5).
 *
 * <p>Changes that are announced while caches are being told wait together and are told in one
 * message. What is decided, is decided by {@link CacheSessions}, {@link PublishedProducts}, {@link
 * PendingChange} and {@link InvalidationRound}; this class sends.
 */
public final class ChangePublisher implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ChangePublisher.class.getName());
  private static final long RETRY_MS = 20;
  private static final Duration LEAST = Duration.ofMillis(1);

  private final NodeCaller caller;
  private final CacheSessions sessions;
  private final PublishedProducts published = new PublishedProducts();
  private final Timer rounds;
  private final Batcher<PendingChange, Boolean> batches;

  /** A publisher that shows nothing yet. */
  public ChangePublisher(
      NodeCaller caller, CacheSessions sessions, BatchSettings sizes, MeterRegistry metrics) {
    this.caller = caller;
    this.sessions = sessions;
    this.rounds = metrics.timer("toystore.invalidation.round");
    // One lane: what is announced during a round forms the next one.
    this.batches = new Batcher<>("publish", sizes.maxSize(), sizes.maxQueued(), 1, this::tell);
  }

  /** A change that caches are being told of. To be closed, whatever becomes of it. */
  public final class Announcement implements AutoCloseable {
    private final PendingChange change;
    private final CompletableFuture<Boolean> told = new CompletableFuture<>();

    private Announcement(Collection<String> names) {
      this.change = new PendingChange(published, names);
    }

    /**
     * Tells caches, on this thread if nothing else is being told. To be called once, when the
     * change itself is on its way into the log, which takes as long.
     */
    public void tell() {
      if (change.names.isEmpty()) {
        told.complete(true);
        return;
      }
      batches
          .sendAll(List.of(change))
          .getFirst()
          .whenComplete(
              (all, e) -> {
                if (e == null) {
                  told.complete(all);
                } else {
                  told.completeExceptionally(e);
                }
              });
    }

    /**
     * Publishes what the change made; returns once readers see it. Of what they see already, no
     * cache needs to have been told; of products that were not announced, caches are told now.
     *
     * @param products as they are, durably
     * @param patience how long to wait for a round that others are at; one of this thread's own
     *     ends with the leases
     * @throws TimeoutException if it takes longer
     */
    public void publish(Collection<Product.Versioned> products, Duration patience)
        throws Exception {
      List<Product.Versioned> unseen = products.stream().filter(published::unseen).toList();
      List<Product.Versioned> expected = unseen.stream().filter(this::wasAnnounced).toList();
      List<Product.Versioned> others = unseen.stream().filter(p -> !wasAnnounced(p)).toList();
      if (others.isEmpty()) {
        show(expected, patience);
        return;
      }
      try (Announcement late = announce(others.stream().map(p -> p.product().name()).toList())) {
        show(expected, patience);
        late.tell();
        late.show(others, patience);
      }
    }

    private boolean wasAnnounced(Product.Versioned product) {
      return change.names.contains(product.product().name());
    }

    private void show(List<Product.Versioned> made, Duration patience) throws Exception {
      if (made.isEmpty()) {
        return;
      }
      try {
        told.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
      change.show(made);
    }

    /** Ends a change that was not published as one that nothing is known to have come of. */
    @Override
    public void close() {
      change.end();
    }
  }

  /**
   * These products may be about to change: from now on no cache is given them to keep. Before the
   * change is published, caches have to be {@linkplain Announcement#tell told} to forget them.
   */
  public Announcement announce(Collection<String> names) {
    return new Announcement(names);
  }

  /** Publishes products that changed without having been announced. */
  public void publish(Collection<Product.Versioned> products, Duration patience) throws Exception {
    try (Announcement nothing = announce(List.of())) {
      nothing.publish(products, patience);
    }
  }

  /**
   * Shows this state at once, which no cache contradicts: no lease is valid. What was shown before
   * came of the same log, so the newer of two versions is the right one.
   */
  public void reset(Collection<Product.Versioned> products) {
    published.show(products);
  }

  public Product.@Nullable Versioned product(String name) {
    return published.product(name);
  }

  /** What a front end that misses a product is answered. */
  public ProductReadRequest.Answer read(String name) {
    return published.read(name);
  }

  public List<Product.Versioned> products() {
    return published.products();
  }

  private List<Boolean> tell(List<PendingChange> announced) throws InterruptedException {
    List<PendingChange> changes =
        announced.stream().filter(c -> c.stage() != PendingChange.Stage.ENDED).toList();
    if (!changes.isEmpty()) {
      long begun = System.nanoTime();
      run(new InvalidationRound(sessions, changes));
      rounds.record(Duration.ofNanos(System.nanoTime() - begun));
    }
    return announced.stream().map(change -> true).toList();
  }

  /** What came back from a session's front end; no status where nothing did. */
  private record Heard(CacheSessions.Recipient from, int status, @Nullable Throwable failure) {}

  /**
   * Returns when every session has acknowledged or its lease is over. Answers count as they come:
   * one that hangs must not make others owe what they have given.
   */
  private void run(InvalidationRound round) throws InterruptedException {
    List<String> names = List.copyOf(round.names());
    BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
    Collection<CacheSessions.Recipient> recipients = round.waitedFor();
    if (recipients.size() == 1) {
      // Nobody else has to be heard meanwhile: this very thread can wait for the answer.
      heard.add(tellAndWait(recipients.iterator().next(), names));
    } else {
      recipients.forEach(r -> tell(r, names, heard));
    }
    while (!isOver(round)) {
      Heard next = heard.poll(shortestLease(round).toMillis() + 1, TimeUnit.MILLISECONDS);
      if (next != null) {
        hear(round, next);
        if (round.waitsFor(next.from().session())) {
          CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS)
              .execute(() -> tellAgain(next.from(), names, heard));
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
        LOG.log(Level.INFO, "{0} did not answer for a lease: its session ends", recipient.url());
      }
    }
    return over;
  }

  private void tellAgain(
      CacheSessions.Recipient recipient, List<String> names, Queue<Heard> heard) {
    if (sessions.left(recipient.session()).isPositive()) {
      tell(recipient, names, heard);
    }
  }

  private Duration shortestLease(InvalidationRound round) {
    return round.waitedFor().stream()
        .map(r -> sessions.left(r.session()))
        .min(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  private static void hear(InvalidationRound round, Heard heard) {
    CacheSessions.Recipient from = heard.from();
    if (heard.failure() != null) {
      LOG.log(Level.DEBUG, from.url() + " did not hear an invalidation", heard.failure());
      return;
    }
    round.answered(from.session(), heard.status());
    if (round.waitedFor.containsKey(from.session())) {
      LOG.log(Level.WARNING, "{0} answered {1} to an invalidation", from.url(), heard.status());
    }
  }

  private void tell(CacheSessions.Recipient recipient, List<String> names, Queue<Heard> heard) {
    tell(recipient, names)
        .whenComplete(
            (reply, e) -> heard.add(new Heard(recipient, e == null ? reply.status() : 0, e)));
  }

  private CompletableFuture<NodeReply> tell(CacheSessions.Recipient recipient, List<String> names) {
    return caller.call(
        recipient.url() + ApiPaths.INVALIDATION, message(recipient, names), patience(recipient));
  }

  private Heard tellAndWait(CacheSessions.Recipient recipient, List<String> names)
      throws InterruptedException {
    try {
      NodeReply reply =
          caller.send(
              recipient.url() + ApiPaths.INVALIDATION,
              message(recipient, names),
              patience(recipient),
              SilenceCheck.NONE);
      return new Heard(recipient, reply.status(), null);
    } catch (IOException | RuntimeException e) {
      return new Heard(recipient, 0, e);
    }
  }

  private static byte[] message(CacheSessions.Recipient recipient, List<String> names) {
    return MessageCodec.toCbor(new CacheLeaseMessages.Invalidation(recipient.session(), names));
  }

  /** No longer than its lease: after that it need not be waited for. */
  private Duration patience(CacheSessions.Recipient recipient) {
    return longer(sessions.left(recipient.session()), LEAST);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  @Override
  public void close() {
    batches.close();
  }
}
