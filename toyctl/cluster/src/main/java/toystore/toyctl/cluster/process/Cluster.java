package toystore.toyctl.cluster.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.NodeLog;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.datadir.RunFiles;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.nodes.ProbeResult;

/** The processes of a store on this host: starts them, waits for them and stops them. */
public final class Cluster {
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

  private final StoreConfig config;
  private final Path data;
  private final RunFiles runs;
  private final NodeClient client;
  private final NodeStopper stopper;
  private final LockedLauncher launcher;
  private final SupervisorProcess supervisor;

  public Cluster(
      StoreConfig config, Path data, Supplier<NodeLauncher> launcher, NodeClient client) {
    this.config = config;
    this.data = data;
    this.runs = new RunFiles(data);
    this.client = client;
    this.stopper = new NodeStopper(runs);
    this.launcher = new LockedLauncher(config, data, runs, launcher, stopper);
    this.supervisor = new SupervisorProcess(runs, launcher);
  }

  /**
   * Starts those of the nodes that are not running, without waiting until they are ready. If one
   * cannot be started, the others are stopped again.
   *
   * @param catalog the products of a new catalog, or null for the shipped ones
   * @return the processes that this call started
   */
  public List<NodeProcess> launch(List<Node> nodes, @Nullable Path catalog, Deadline deadline)
      throws InterruptedException {
    return launcher.launch(nodes, catalog, false, deadline);
  }

  /** Starts a node that is not running, as a fresh member of its group. */
  NodeProcess launchToHeal(Node node, Deadline deadline) throws InterruptedException {
    List<NodeProcess> started = launcher.launch(List.of(node), null, true, deadline);
    if (started.isEmpty()) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          node.name(),
          "it is running; only a stopped node can be made a fresh member",
          "toyctl stop " + node.name());
    }
    return started.getFirst();
  }

  boolean restart(Node node, RunFile ended, @Nullable Path catalog, Deadline deadline)
      throws IOException, InterruptedException {
    return launcher.restart(node, ended, catalog, deadline);
  }

  void leaveDown(RunFile ended, Deadline deadline) throws IOException, InterruptedException {
    launcher.leaveDown(ended, deadline);
  }

  /**
   * Starts the supervisor unless it is running.
   *
   * @param always whether to start it even if the store had no supervisor before
   * @return the pid of the supervisor, or empty if there is none
   */
  public Optional<Long> supervise(boolean always, @Nullable Path catalog, Deadline deadline)
      throws IOException, InterruptedException {
    return supervisor.start(always, catalog, deadline);
  }

  /**
   * Waits until all nodes are ready. If a started process ends, all started processes are stopped.
   * If the deadline passes, they are left running.
   *
   * @param started the processes that this program started for some of the nodes
   * @return the status of each node
   */
  public Map<Node, NodeStatus> awaitReady(
      List<Node> nodes, List<NodeProcess> started, Deadline deadline) throws InterruptedException {
    return new ReadinessWait(config, data, runs, client, stopper).await(nodes, started, deadline);
  }

  /** Waits until a replica has caught up with the leader of its group. */
  NodeStatus awaitCaughtUp(Node node, NodeStatus status, Deadline deadline)
      throws InterruptedException {
    return new CatchUpWait(config, client).await(node, status, deadline);
  }

  /**
   * Stops the nodes, all at once, and waits until their processes have ended.
   *
   * @param kill whether to send SIGKILL instead of SIGTERM
   */
  public StopResult stop(List<String> nodes, boolean kill, Deadline deadline)
      throws IOException, InterruptedException {
    return stopper.stop(nodes, kill, deadline);
  }

  /**
   * Stops all nodes that were started on this host, and the supervisor. The front ends stop first,
   * so that they can still answer their clients.
   */
  public StopResult stopAll(Deadline deadline) throws IOException, InterruptedException {
    supervisor.stop(deadline);
    List<String> frontEnds =
        config.nodes(Role.FRONTEND).stream()
            .map(Node::name)
            .filter(name -> runs.read(name).isPresent())
            .toList();
    StopResult first = stop(frontEnds, false, deadline);
    List<String> others = runs.nodes().stream().filter(name -> !frontEnds.contains(name)).toList();
    return first.and(stop(others, false, deadline));
  }

  /**
   * The nodes of this host that are running, including nodes without a run file. Their data must
   * not be deleted.
   */
  public List<String> running() throws InterruptedException {
    List<Node> local = config.nodes().stream().filter(NodePorts::isLocal).toList();
    return ParallelTasks.forEach(
            local,
            node ->
                runs.process(node.name()).isPresent()
                    || !(client.probe(node, PROBE_TIMEOUT) instanceof ProbeResult.Refused))
        .entrySet()
        .stream()
        .filter(Map.Entry::getValue)
        .map(entry -> entry.getKey().name())
        .toList();
  }

  /** The process of a node that was started on this host, if it is alive. */
  public Optional<ProcessHandle> process(Node node) {
    return runs.process(node.name());
  }

  public Path log(Node node) {
    return NodeLog.path(data, node.name());
  }

  /** Whether the data directory already contains a catalog. A catalog reads products only once. */
  public boolean hasCatalog() {
    return config.nodes(Role.CATALOG).stream()
        .anyMatch(node -> Files.exists(data.resolve(node.name())));
  }
}
