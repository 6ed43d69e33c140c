package toystore.frontend;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import toystore.config.StoreConfig;
import toystore.node.rpc.LeaderObserver;

/** Who leads the order replicas, how often that changed, and how long purchases waited for it. */
final class LeaderMetrics implements LeaderObserver {
  private static final System.Logger LOG = System.getLogger(LeaderMetrics.class.getName());

  private final StoreConfig config;
  private final Counter changes;
  private final Timer gaps;
  private volatile int leaderId;

  /** The first leader of all is no failover. Calls to this class come one at a time. */
  private boolean reachedAny;

  LeaderMetrics(StoreConfig config, MeterRegistry metrics) {
    this.config = config;
    this.changes = metrics.counter("toystore.leader.changes");
    this.gaps = metrics.timer("toystore.failover.gap");
    Gauge.builder("toystore.leader.id", () -> leaderId).register(metrics);
  }

  @Override
  public void leaderChanged(String leader) {
    if (leaderId != 0) {
      changes.increment();
    }
    leaderId = config.node(leader).id();
    LOG.log(Level.INFO, "{0} leads", leader);
  }

  @Override
  public void leaderReached(String leader, Duration waited) {
    if (reachedAny) {
      gaps.record(waited);
    }
    reachedAny = true;
    LOG.log(Level.INFO, "the first purchase at {0} waited {1} ms", leader, waited.toMillis());
  }
}
