package toystore.node;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Locale;
import toystore.config.Topology;

/** The metrics of a node's process: heap, garbage collection, threads, processor and uptime. */
final class ProcessMetrics {
  private ProcessMetrics() {}

  /** Creates a registry that labels all metrics with the name and the role of the node. */
  static PrometheusMeterRegistry registry(Topology.Node self) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry
        .config()
        .commonTags(
            Tags.of("node", self.name(), "role", self.role().name().toLowerCase(Locale.ROOT)));
    return registry;
  }

  /**
   * Registers the metrics.
   *
   * @return to be closed when the process stops
   */
  static AutoCloseable bindTo(PrometheusMeterRegistry registry) {
    new JvmMemoryMetrics().bindTo(registry);
    JvmGcMetrics gc = new JvmGcMetrics();
    gc.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    return gc;
  }
}
