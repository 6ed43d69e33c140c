package toystore.toyctl.cluster.status;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.process.ExitReason;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.RunFile;
import toystore.toyctl.cluster.process.RunFiles;

/** Looks at all nodes at once: their run files, their processes, and what they say. */
public final class StatusReader {
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final StoreConfig config;
  private final Path data;
  private final RunFiles runs;
  private final NodeClient client;

  public StatusReader(StoreConfig config, Path data, NodeClient client) {
    this.config = config;
    this.data = data;
    this.runs = new RunFiles(data);
    this.client = client;
  }

  public StatusReport read() throws InterruptedException {
    return StatusReport.of(
        config,
        List.copyOf(ParallelTasks.forEach(config.nodes(), this::look).values()),
        runs.supervisor().flatMap(RunFile::process).map(ProcessHandle::pid).orElse(null));
  }

  private StatusReport.Sighting look(Node node) throws InterruptedException {
    RunFile run = runs.read(node.name()).orElse(null);
    boolean alive = run != null && run.process().isPresent();
    ProbeResult probe = client.probe(node, PATIENCE);
    String lastWords =
        run == null || alive
            ? null
            : ExitReason.of(NodeLauncher.log(data, node.name()), run.logStart());
    return new StatusReport.Sighting(node, NodePorts.isLocal(node), run, alive, probe, lastWords);
  }
}
