package toystore.toyctl.chaos.store;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.StreamSupport;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.chaos.faults.StoreProcesses;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.NodeStarter;

/** Kills and starts the processes of a throwaway store. */
final class LocalNodes implements StoreProcesses {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

  private final StoreConfig config;
  private final Cluster cluster;

  LocalNodes(StoreConfig config, Cluster cluster) {
    this.config = config;
    this.cluster = cluster;
  }

  @Override
  public ProcessHandle process(String node) throws IOException {
    return cluster
        .process(config.node(node))
        .orElseThrow(() -> new IOException(node + " is not running"));
  }

  boolean isRunning(String node) {
    return cluster.process(config.node(node)).isPresent();
  }

  @Override
  public void kill(Iterable<String> nodes) throws IOException, InterruptedException {
    cluster.stop(list(nodes), true, Deadline.in(STOP_TIMEOUT)).requireGone(true);
  }

  @Override
  public void start(Iterable<String> nodes) throws InterruptedException {
    List<Node> wanted = list(nodes).stream().map(config::node).toList();
    List<String> running = list(nodes).stream().filter(this::isRunning).toList();
    NodeStarter starter = new NodeStarter(cluster);
    Deadline deadline = Deadline.in(START_TIMEOUT);
    try {
      var _ = starter.start(wanted, deadline);
    } catch (ToyctlException e) {
      if (running.stream().allMatch(this::isRunning)) {
        throw e;
      }
      // A node was still running when this call began, and then halted because of the fault.
      var _ = starter.start(wanted, deadline);
    }
  }

  private static List<String> list(Iterable<String> names) {
    return StreamSupport.stream(names.spliterator(), false).toList();
  }
}
