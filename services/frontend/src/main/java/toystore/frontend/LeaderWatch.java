package toystore.frontend;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import toystore.api.StoreConfig;
import toystore.server.LeaderRoute;

/** Who leads the order replicas, how often that changed, and how long purchases waited for it. */
final class LeaderWatch implements LeaderRoute.OnLeader {
  private final StoreConfig config;
  private final Counter changes;
  private final Timer gaps;
  private volatile int leaderId;

  LeaderWatch(StoreConfig config, MeterRegistry metrics) {
    this.config = config;
    this.changes = metrics.counter("toystore.leader.changes");
    this.gaps = metrics.timer("toystore.failover.gap");
    Gauge.builder("toystore.leader.id", () -> leaderId).register(metrics);
  }

  @Override
  public void changed(String leader, Duration waited) {
    boolean first = leaderId == 0;
    leaderId = config.node(leader).id();
    if (!first) {
      changes.increment();
      gaps.record(waited);
    }
    System.getLogger(LeaderWatch.class.getName())
        .log(Level.INFO, "{0} leads; a purchase waited {1} ms", leader, waited.toMillis());
  }
}
