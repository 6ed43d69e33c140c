package toystore.catalog;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Hold;
import toystore.protocol.message.NodeReply;

/**
 * What a catalog leader does on a timer: restock, have doubtful holds resolved by the order log,
 * and forget old ones.
 */
final class CatalogMaintenance implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CatalogMaintenance.class.getName());
  private static final int MAX_DOUBTFUL = 1_000;
  private static final int PRUNES_PER_RETENTION = 1_440;

  /** Shorter than an order leader waits for its log: what it refuses then would be sent again. */
  private static final Duration RESOLVE = Duration.ofSeconds(9);

  private final CatalogService service;
  private final CatalogState state;
  private final LeaderClient orders;
  private final StoreConfig.Catalog settings;
  private final Counter restocks;
  private final Counter settled;
  private final Counter released;
  private final ScheduledThreadPoolExecutor timer;

  CatalogMaintenance(
      CatalogService service,
      CatalogState state,
      LeaderClient orders,
      StoreConfig.Catalog settings,
      MeterRegistry metrics) {
    this.service = service;
    this.state = state;
    this.orders = orders;
    this.settings = settings;
    this.restocks = metrics.counter("toystore.restocks");
    this.settled = metrics.counter("toystore.doubtful.holds", "outcome", "settled");
    this.released = metrics.counter("toystore.doubtful.holds", "outcome", "released");
    this.timer =
        new ScheduledThreadPoolExecutor(
            2, Thread.ofPlatform().daemon().name("catalog-chores").factory());
    every(settings.restockInterval(), "restocking", this::restock);
    every(settings.doubtAfter().dividedBy(10), "resolving doubtful holds", this::resolve);
    every(settings.retention().dividedBy(PRUNES_PER_RETENTION), "pruning", this::prune);
  }

  @FunctionalInterface
  private interface Chore {
    void run() throws Exception;
  }

  private void every(Duration period, String name, Chore chore) {
    long ms = Math.max(50, period.toMillis());
    timer.scheduleWithFixedDelay(
        () -> {
          try {
            if (service.leads()) {
              chore.run();
            }
          } catch (Exception e) {
            CatalogService.logUnlessDeposed(name, e);
          }
        },
        ms,
        ms,
        TimeUnit.MILLISECONDS);
  }

  private void restock() throws Exception {
    if (service.restock(settings.restockTo())) {
      restocks.increment();
    }
  }

  /** Step 7 of a purchase: the order log alone decides what became of a doubtful hold. */
  private void resolve() throws Exception {
    List<Hold.Doubt> doubtful =
        state.doubtful(service.timeMs() - settings.doubtAfter().toMillis(), MAX_DOUBTFUL);
    if (doubtful.isEmpty()) {
      return;
    }
    NodeReply reply =
        orders.call(
            ApiPaths.RESOLUTIONS, Json.toCbor(new Hold.Doubtful(doubtful)), Deadline.in(RESOLVE));
    if (!reply.ok()) {
      throw new IOException("the order leader answered " + reply.status());
    }
    Hold.Outcomes outcomes = Json.fromCbor(reply.body(), Hold.Outcomes.class);
    service.hold(new Hold.Batch(List.of(), outcomes));
    settled.increment(outcomes.settled().size());
    released.increment(outcomes.released().size());
    LOG.log(
        Level.INFO,
        "{0} doubtful holds: {1} settled, {2} released",
        doubtful.size(),
        outcomes.settled().size(),
        outcomes.released().size());
  }

  private void prune() throws Exception {
    service.prune(service.timeMs() - settings.retention().toMillis());
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
