package toystore.node.replica;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogStatus;
import toystore.db.log.ReplicatedLog;
import toystore.node.Node;
import toystore.protocol.message.NodeStatus;

/** Builds the status of a node that is a member of a replicated group. */
final class ReplicaStatus {
  private final Node node;
  private final ReplicatedLog log;
  private final CatchUpMonitor catchUp;

  ReplicaStatus(Node node, ReplicatedLog log, CatchUpMonitor catchUp) {
    this.node = node;
    this.log = log;
    this.catchUp = catchUp;
  }

  /** The current status; {@link Replica#status} describes the parameters. */
  NodeStatus build(
      boolean open,
      String leaderRole,
      String followerRole,
      @Nullable Long orders,
      @Nullable String hash,
      @Nullable String missed) {
    LogStatus now = log.status();
    boolean ready = open && catchUp.caughtUp() && now.leader() != null;
    return new NodeStatus(
        node.name(),
        now.leads() ? leaderRole : followerRole,
        ready ? "ready" : "starting",
        node.config().cluster(),
        now.leader(),
        now.term(),
        now.commitIndex(),
        now.appliedIndex(),
        orders,
        hash,
        missed,
        now.leads() ? lag(now.lag()) : null,
        ProcessHandle.current().pid(),
        node.uptimeSeconds());
  }

  private static List<NodeStatus.PeerLag> lag(Map<String, Long> byName) {
    return byName.entrySet().stream()
        .map(e -> new NodeStatus.PeerLag(e.getKey(), e.getValue()))
        .sorted(Comparator.comparing(NodeStatus.PeerLag::node))
        .toList();
  }
}
