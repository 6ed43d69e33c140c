package toystore.frontend;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import toystore.config.StoreConfig;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;

/**
 * Metrics and log messages about the leader of the order replicas: who leads, how often the leader
 * changed, and how long purchases waited for a new leader.
 */
final class LeaderMetrics implements LeaderObserver {
  private static final System.Logger LOG = System.getLogger(LeaderMetrics.class.getName());

  private final StoreConfig config;
  private final Counter changes;
  private final Timer failoverGap;
  private volatile int leaderId;

  /**
   * Whether a leader was reached before. Reaching the first one is no failover. {@link
   * LeaderClient} never makes two calls to this class at the same time.
   */
  private boolean reachedBefore;

  LeaderMetrics(StoreConfig config, MeterRegistry metrics) {
    this.config = config;
    this.changes = metrics.counter("toystore.leader.changes");
    this.failoverGap = metrics.timer("toystore.failover.gap");
    Gauge.builder("toystore.leader.id", () -> leaderId).register(metrics);
  }

  @Override
  public void leaderChanged(String leader) {
    if (leaderId != 0) {
      changes.increment();
    }
    leaderId = config.node(leader).id();
    LOG.log(Level.INFO, "{0} leads the order replicas", leader);
  }

  @Override
  public void leaderReached(String leader, Duration waited) {
    if (reachedBefore) {
      failoverGap.record(waited);
    }
    reachedBefore = true;
    LOG.log(
        Level.INFO,
        "the first purchase that {0} answered waited {1} ms",
        leader,
        waited.toMillis());
  }
}
