package toystore.catalog;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.api.CacheLease;
import toystore.api.Json;
import toystore.api.Paths;
import toystore.api.ProductReads;
import toystore.api.StoreConfig;
import toystore.server.Batcher;
import toystore.server.Caller;

/**
 * What clients may be shown. A change is durable first, then every cache that may hold the product
 * has forgotten it or lost its lease, and only then is it published: shown to any reader, and the
 * purchase answered (promise P5).
 *
 * <p>Changes that arrive while caches are being told wait together and are told in one message.
 */
final class Publisher implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Publisher.class.getName());
  private static final long RETRY_MS = 20;

  private final Caller caller;
  private final Sessions sessions;
  private final Timer rounds;
  private final Batcher<Collection<ProductRow>, Boolean> batches;

  private final Map<String, ProductRow> published = new ConcurrentHashMap<>();

  /** Products whose change caches are being told of now. */
  private volatile Set<String> beingTold = Set.of();

  Publisher(Caller caller, Sessions sessions, StoreConfig.Batch sizes, MeterRegistry metrics) {
    this.caller = caller;
    this.sessions = sessions;
    this.rounds = metrics.timer("toystore.invalidation.round");
    // One lane: rounds must not overtake each other.
    this.batches = new Batcher<>("publish", sizes.maxSize(), sizes.maxQueued(), 1, this::publish);
  }

  /** Starts anew with this state, which no cache contradicts. */
  void reset(Collection<ProductRow> products) {
    published.clear();
    products.forEach(p -> published.put(p.name(), p));
  }

  /**
   * Publishes these products as they are; the future completes once readers see them. Of what
   * readers see already, caches are not told again.
   */
  CompletableFuture<Boolean> publishLater(Collection<ProductRow> visible) {
    List<ProductRow> unseen = visible.stream().filter(this::unseen).toList();
    return unseen.isEmpty() ? CompletableFuture.completedFuture(true) : batches.submit(unseen);
  }

  private boolean unseen(ProductRow row) {
    ProductRow shown = published.get(row.name());
    return shown == null || shown.version() < row.version();
  }

  @Nullable ProductRow product(String name) {
    return published.get(name);
  }

  /** What a front end that misses a product is answered. */
  ProductReads.Answer read(String name) {
    // In either order of these two reads, a round that begins or ends in between sends its message
    // after the miss began, so that the front end does not keep the answer.
    boolean cacheable = !beingTold.contains(name);
    ProductRow row = published.get(name);
    return new ProductReads.Answer(row == null ? null : row.product(), cacheable);
  }

  List<ProductRow> products() {
    return published.values().stream()
        .sorted(Comparator.comparingInt(ProductRow::position))
        .toList();
  }

  private List<Boolean> publish(List<Collection<ProductRow>> changes) throws InterruptedException {
    Map<String, ProductRow> latest = new HashMap<>();
    changes.forEach(rows -> rows.forEach(row -> latest.merge(row.name(), row, Publisher::newer)));
    long begun = System.nanoTime();
    // Before the sessions are listed: one that begins from here on hears nothing of this round.
    beingTold = Set.copyOf(latest.keySet());
    invalidate(List.copyOf(latest.keySet()));
    latest.values().forEach(row -> published.merge(row.name(), row, Publisher::newer));
    beingTold = Set.of();
    rounds.record(Duration.ofNanos(System.nanoTime() - begun));
    return changes.stream().map(rows -> true).toList();
  }

  private static ProductRow newer(ProductRow one, ProductRow other) {
    return one.version() >= other.version() ? one : other;
  }

  /** Returns when every session has acknowledged or its lease is over. */
  private void invalidate(List<String> names) throws InterruptedException {
    List<Sessions.Recipient> recipients = sessions.beginInvalidation();
    List<CompletableFuture<Caller.Reply>> first = new ArrayList<>();
    for (Sessions.Recipient recipient : recipients) {
      first.add(tell(recipient, names));
    }
    for (int i = 0; i < recipients.size(); i++) {
      awaitForgotten(recipients.get(i), names, first.get(i));
    }
  }

  private CompletableFuture<Caller.Reply> tell(Sessions.Recipient recipient, List<String> names) {
    return caller.call(
        recipient.url() + Paths.INVALIDATION,
        Json.toCbor(new CacheLease.Invalidation(recipient.session(), names)),
        sessions.left(recipient.session()));
  }

  private void awaitForgotten(
      Sessions.Recipient recipient, List<String> names, CompletableFuture<Caller.Reply> telling)
      throws InterruptedException {
    CompletableFuture<Caller.Reply> reply = telling;
    while (true) {
      Duration left = sessions.left(recipient.session());
      if (!left.isPositive()) {
        LOG.log(Level.INFO, "{0} did not answer for a lease: its session ends", recipient.url());
        sessions.gone(recipient.session());
        return;
      }
      try {
        Caller.Reply answer = reply.get(left.toMillis() + 1, TimeUnit.MILLISECONDS);
        if (answer.ok()) {
          sessions.acknowledged(recipient.session());
          return;
        }
        if (answer.status() == 410) {
          sessions.gone(recipient.session());
          return;
        }
        LOG.log(Level.WARNING, "{0} answered {1} to an invalidation", recipient.url(), answer);
      } catch (ExecutionException | TimeoutException e) {
        LOG.log(Level.DEBUG, recipient.url() + " did not hear an invalidation", e);
      }
      Thread.sleep(RETRY_MS);
      if (sessions.left(recipient.session()).isPositive()) {
        reply = tell(recipient, names);
      }
    }
  }

  @Override
  public void close() {
    batches.close();
  }
}
