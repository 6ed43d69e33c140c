package toystore.toyctl;

import java.time.Duration;
import java.util.List;
import toystore.api.StoreConfig;
import toystore.api.StoreConfig.Node;

/** Looks at all nodes at once: their run files, their processes, and what they say. */
final class StatusReader {
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final StoreConfig config;
  private final RunFiles runs;
  private final NodeClient client;

  StatusReader(StoreConfig config, RunFiles runs, NodeClient client) {
    this.config = config;
    this.runs = runs;
    this.client = client;
  }

  StatusReport read() throws InterruptedException {
    return StatusReport.of(
        config, List.copyOf(Parallel.forEach(config.nodes(), this::look).values()));
  }

  private StatusReport.Sighting look(Node node) throws InterruptedException {
    RunFile run = runs.read(node.name()).orElse(null);
    boolean alive = run != null && run.process().isPresent();
    Probe probe = client.probe(node, PATIENCE);
    return new StatusReport.Sighting(node, Ports.isLocal(node), run, alive, probe);
  }
}
