package toystore.toyctl.cluster.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.CommandDeadline;

/** Starts nodes and sees them through until they serve and have caught up. */
public final class NodeStarter {
  private final Cluster cluster;

  public NodeStarter(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * A node that serves.
   *
   * @param started false if it was running before
   * @param missed what it got from others, in words
   */
  public record Serving(
      String node, String state, long pid, boolean started, @Nullable String missed) {
    public String text() {
      return node
          + (started ? " is " : " was running already and is ")
          + state
          + ", pid "
          + pid
          + (missed == null ? "" : "; " + missed);
    }
  }

  public List<Serving> start(List<Node> nodes, CommandDeadline deadline)
      throws InterruptedException {
    return await(nodes, cluster.launch(nodes, null, deadline), deadline);
  }

  /** Starts a node that does not run, as a fresh member of its group. */
  public Serving heal(Node node, CommandDeadline deadline) throws InterruptedException {
    NodeProcess started = cluster.launchToHeal(node, deadline);
    return await(List.of(node), List.of(started), deadline).getFirst();
  }

  private List<Serving> await(List<Node> nodes, List<NodeProcess> started, CommandDeadline deadline)
      throws InterruptedException {
    List<String> names = started.stream().map(process -> process.node().name()).toList();
    Map<Node, NodeStatus> ready = cluster.awaitReady(nodes, started, deadline);
    List<Serving> serving = new ArrayList<>();
    for (Map.Entry<Node, NodeStatus> entry : ready.entrySet()) {
      Node node = entry.getKey();
      NodeStatus status =
          node.role() != Role.FRONTEND
              ? cluster.awaitCaughtUp(node, entry.getValue(), deadline)
              : entry.getValue();
      serving.add(
          new Serving(
              node.name(),
              status.state(),
              status.pid(),
              names.contains(node.name()),
              status.missed()));
    }
    return List.copyOf(serving);
  }
}
