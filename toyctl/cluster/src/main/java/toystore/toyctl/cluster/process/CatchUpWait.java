package toystore.toyctl.cluster.process;

import java.time.Duration;
import java.util.OptionalLong;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.nodes.GroupLeader;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.nodes.ProbeResult;

/** Waits until replicas have caught up with the leader of their group. */
final class CatchUpWait {
  private static final Duration POLL = Duration.ofMillis(30);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

  private final StoreConfig config;
  private final NodeClient client;

  CatchUpWait(StoreConfig config, NodeClient client) {
    this.config = config;
    this.client = client;
  }

  /**
   * Waits until a replica has applied everything that the leader of its group had committed when
   * the leader was first found.
   *
   * @param status the last known status of the replica
   * @return its latest status
   * @throws ToyctlException if the deadline passed first
   */
  NodeStatus await(Node node, NodeStatus status, Deadline deadline) throws InterruptedException {
    OptionalLong goal = OptionalLong.empty();
    NodeStatus latest = status;
    while (true) {
      if (goal.isEmpty()) {
        goal = leaderCommitIndex(node.role(), deadline);
      }
      Long applied = latest.appliedIndex();
      if (goal.isPresent() && applied != null && applied >= goal.getAsLong()) {
        return latest;
      }
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.TIMED_OUT,
            node.name(),
            goal.isEmpty()
                ? "its group has no leader to catch up with"
                : "it has not caught up after " + deadline.inWords() + ", and continues to do so",
            "toyctl status");
      }
      deadline.pause(POLL);
      ProbeResult probe = client.probe(node, deadline.atMost(PROBE_TIMEOUT));
      if (probe instanceof ProbeResult.Answered answer) {
        latest = answer.status();
      }
    }
  }

  private OptionalLong leaderCommitIndex(Role role, Deadline deadline) throws InterruptedException {
    return GroupLeader.among(
            ParallelTasks.forEach(
                config.nodes(role), node -> client.probe(node, deadline.atMost(PROBE_TIMEOUT)))
                .values()
                .stream(),
            role)
        .map(NodeStatus::commitIndex)
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }
}
