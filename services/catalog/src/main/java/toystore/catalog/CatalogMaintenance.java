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
import toystore.config.CatalogSettings;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.Hold;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;

/**
 * The periodic tasks of the catalog leader: restocking, the resolution of doubtful holds by the
 * order log, and the deletion of old ended holds.
 */
final class CatalogMaintenance implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CatalogMaintenance.class.getName());
  private static final int MAX_DOUBTFUL = 1_000;
  private static final int PRUNES_PER_RETENTION = 1_440;

  /**
   * Time limit of a resolution. It is shorter than the time that the order leader waits for its
   * log, because a request that the order leader refuses after that time would be sent again.
   */
  private static final Duration RESOLVE_TIMEOUT = Duration.ofSeconds(9);

  private final CatalogService service;
  private final CatalogOpening opening;
  private final CatalogProposer proposer;
  private final CatalogState state;
  private final LeaderClient orders;
  private final CatalogSettings settings;
  private final Counter restocks;
  private final Counter settled;
  private final Counter released;
  private final ScheduledThreadPoolExecutor timer;

  CatalogMaintenance(
      CatalogService service,
      CatalogOpening opening,
      CatalogProposer proposer,
      CatalogState state,
      LeaderClient orders,
      CatalogSettings settings,
      MeterRegistry metrics) {
    this.service = service;
    this.opening = opening;
    this.proposer = proposer;
    this.state = state;
    this.orders = orders;
    this.settings = settings;
    this.restocks = metrics.counter("toystore.restocks");
    this.settled = metrics.counter("toystore.doubtful.holds", "outcome", "settled");
    this.released = metrics.counter("toystore.doubtful.holds", "outcome", "released");
    this.timer =
        new ScheduledThreadPoolExecutor(
            2, Thread.ofPlatform().daemon().name("catalog-maintenance").factory());
    every(settings.restockInterval(), "restocking", this::restock);
    every(settings.doubtAfter().dividedBy(10), "resolving doubtful holds", this::resolve);
    every(settings.retention().dividedBy(PRUNES_PER_RETENTION), "pruning", this::prune);
  }

  @FunctionalInterface
  private interface Task {
    void run() throws Exception;
  }

  private void every(Duration period, String name, Task task) {
    long periodMs = Math.max(50, period.toMillis());
    timer.scheduleWithFixedDelay(
        () -> {
          try {
            if (opening.leads()) {
              task.run();
            }
          } catch (Exception e) {
            CatalogProposer.logUnlessDeposed(name, e);
          }
        },
        periodMs,
        periodMs,
        TimeUnit.MILLISECONDS);
  }

  private void restock() throws Exception {
    if (service.restock(settings.restockTo())) {
      restocks.increment();
    }
  }

  /**
   * Step 7 of a purchase (DESIGN.md of the order module): only the order log decides what becomes
   * of a doubtful hold.
   */
  private void resolve() throws Exception {
    List<Hold.InDoubt> doubtful =
        state.doubtful(proposer.timeMs() - settings.doubtAfter().toMillis(), MAX_DOUBTFUL);
    if (doubtful.isEmpty()) {
      return;
    }
    NodeReply reply =
        orders.call(
            ApiPaths.RESOLUTIONS,
            MessageCodec.toCbor(new Hold.InDoubtBatch(doubtful)),
            Deadline.in(RESOLVE_TIMEOUT));
    if (!reply.ok()) {
      throw new IOException("the order leader responded with status " + reply.status());
    }
    Hold.Outcomes outcomes = MessageCodec.fromCbor(reply.body(), Hold.Outcomes.class);
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
    service.prune(proposer.timeMs() - settings.retention().toMillis());
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
