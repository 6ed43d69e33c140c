package toystore.toyctl.cluster.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;

/** Starts nodes and waits until they are ready and have caught up with their groups. */
public final class NodeStarter {
  private final Cluster cluster;

  public NodeStarter(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * A node that is ready.
   *
   * @param started false if the node was already running
   * @param missed what the node fetched from other members of its group while it started, as text
   */
  public record ReadyNode(
      String node, String state, long pid, boolean started, @Nullable String missed) {
    public String text() {
      return node
          + (started ? " is " : " was already running and is ")
          + state
          + ", pid "
          + pid
          + (missed == null ? "" : "; " + missed);
    }
  }

  /** Starts those of the nodes that are not running, and returns when all have caught up. */
  public List<ReadyNode> start(List<Node> nodes, Deadline deadline) throws InterruptedException {
    return await(nodes, cluster.launch(nodes, null, deadline), deadline);
  }

  /** Starts a node that is not running, as a fresh member of its group. */
  public ReadyNode heal(Node node, Deadline deadline) throws InterruptedException {
    NodeProcess started = cluster.launchToHeal(node, deadline);
    return await(List.of(node), List.of(started), deadline).getFirst();
  }

  private List<ReadyNode> await(List<Node> nodes, List<NodeProcess> started, Deadline deadline)
      throws InterruptedException {
    List<String> names = started.stream().map(process -> process.node().name()).toList();
    Map<Node, NodeStatus> statuses = cluster.awaitReady(nodes, started, deadline);
    List<ReadyNode> readyNodes = new ArrayList<>();
    for (Map.Entry<Node, NodeStatus> entry : statuses.entrySet()) {
      Node node = entry.getKey();
      NodeStatus status =
          node.role() != Role.FRONTEND
              ? cluster.awaitCaughtUp(node, entry.getValue(), deadline)
              : entry.getValue();
      readyNodes.add(
          new ReadyNode(
              node.name(),
              status.state(),
              status.pid(),
              names.contains(node.name()),
              status.missed()));
    }
    return List.copyOf(readyNodes);
  }
}
