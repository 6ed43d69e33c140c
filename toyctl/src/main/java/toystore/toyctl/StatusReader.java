package toystore.toyctl;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import toystore.api.StoreConfig;
import toystore.api.StoreConfig.Node;

/** Looks at all nodes at once: their run files, their processes, and what they say. */
final class StatusReader {
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final StoreConfig config;
  private final Path data;
  private final RunFiles runs;
  private final NodeClient client;

  StatusReader(StoreConfig config, Path data, NodeClient client) {
    this.config = config;
    this.data = data;
    this.runs = new RunFiles(data);
    this.client = client;
  }

  StatusReport read() throws InterruptedException {
    return StatusReport.of(
        config,
        List.copyOf(Parallel.forEach(config.nodes(), this::look).values()),
        runs.supervisor().flatMap(RunFile::process).map(ProcessHandle::pid).orElse(null));
  }

  private StatusReport.Sighting look(Node node) throws InterruptedException {
    RunFile run = runs.read(node.name()).orElse(null);
    boolean alive = run != null && run.process().isPresent();
    Probe probe = client.probe(node, PATIENCE);
    String lastWords =
        run == null || alive ? null : LastWords.of(Launcher.log(data, node.name()), run.logStart());
    return new StatusReport.Sighting(node, Ports.isLocal(node), run, alive, probe, lastWords);
  }
}
