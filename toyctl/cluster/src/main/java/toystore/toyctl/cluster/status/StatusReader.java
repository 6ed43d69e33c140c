package toystore.toyctl.cluster.status;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.datadir.ExitReason;
import toystore.toyctl.cluster.datadir.NodeLog;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.datadir.RunFiles;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.nodes.ProbeResult;
import toystore.toyctl.cluster.process.NodePorts;

/** Observes all nodes at the same time: their run files, their processes and their status. */
public final class StatusReader {
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

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
        List.copyOf(ParallelTasks.forEach(config.nodes(), this::observe).values()),
        runs.supervisor().flatMap(RunFile::process).map(ProcessHandle::pid).orElse(null));
  }

  private NodeObservation observe(Node node) throws InterruptedException {
    RunFile run = runs.read(node.name()).orElse(null);
    boolean alive = run != null && run.process().isPresent();
    ProbeResult probe = client.probe(node, PROBE_TIMEOUT);
    String exitReason =
        run == null || alive
            ? null
            : ExitReason.of(NodeLog.path(data, node.name()), run.logStart());
    return new NodeObservation(node, NodePorts.isLocal(node), run, alive, probe, exitReason);
  }
}
