package toystore.node.replica;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;
import toystore.db.log.ReplicatedLog;

/** Gauges for the term, the indexes and the lag of a member. */
final class ReplicaMetrics {
  private final ReplicatedLog log;

  private ReplicaMetrics(ReplicatedLog log) {
    this.log = log;
  }

  /**
   * Registers the gauges.
   *
   * @param peers the names of the other members
   */
  static void bind(ReplicatedLog log, List<String> peers, MeterRegistry registry) {
    new ReplicaMetrics(log).bind(peers, registry);
  }

  private void bind(List<String> peers, MeterRegistry registry) {
    gauge(registry, "toystore.raft.term", () -> log.status().term());
    gauge(registry, "toystore.raft.commit.index", () -> log.status().commitIndex());
    gauge(registry, "toystore.raft.applied.index", () -> log.status().appliedIndex());
    gauge(registry, "toystore.raft.leader", () -> log.leads() ? 1 : 0);
    for (String peer : peers) {
      // Only the leader knows the lag. Elsewhere the value is NaN, which is no sample.
      Gauge.builder("toystore.raft.lag", () -> lagOf(peer)).tag("peer", peer).register(registry);
    }
  }

  private double lagOf(String peer) {
    Long lag = log.status().lag().get(peer);
    return lag == null ? Double.NaN : lag;
  }

  private static void gauge(MeterRegistry registry, String name, Supplier<Number> value) {
    Gauge.builder(name, value).register(registry);
  }
}
