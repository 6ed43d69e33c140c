package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.nodes.ProbeResult;

/**
 * A fence in the order log: an entry at a known index. Replicas that have applied it can be
 * compared up to it, although further orders follow.
 *
 * @param leader the replica that appended the fence
 */
record OrderFence(Node leader, LoggedOrder.Fence fence) {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

  /** The index of the fence in the log. */
  long index() {
    return fence.index();
  }

  /** The number of orders before the fence. */
  long orders() {
    return fence.orders();
  }

  /**
   * Asks the order replicas in turn to append a fence, until the leader does. The leader may change
   * in the meantime.
   *
   * @param timeout the limit for a single request
   * @throws ToyctlException if no replica runs, or if no leader answered before the deadline
   */
  static OrderFence append(
      StoreConfig config, NodeClient client, Duration timeout, Deadline deadline)
      throws InterruptedException {
    List<Node> replicas = config.nodes(Role.ORDER);
    while (true) {
      int refused = 0;
      for (Node node : replicas) {
        try {
          ApiHttpClient.Response answer =
              client.post(node, ApiPaths.FENCE, deadline.atMost(timeout));
          if (answer.ok()) {
            return new OrderFence(node, Json.fromJson(answer.body(), LoggedOrder.Fence.class));
          }
        } catch (ConnectException _) {
          refused++;
        } catch (IOException _) {
          // Retried until the deadline. Another replica may be the leader.
        }
        if (deadline.passed()) {
          break;
        }
      }
      if (refused == replicas.size()) {
        throw noReplicaRuns(config, client);
      }
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.STATE_UNKNOWN,
            "verify",
            "no order leader answered within " + deadline.inWords(),
            "toyctl status");
      }
      deadline.pause(POLL);
    }
  }

  private static ToyctlException noReplicaRuns(StoreConfig config, NodeClient client)
      throws InterruptedException {
    boolean nothingRuns =
        ParallelTasks.forEach(config.nodes(), node -> client.probe(node, PROBE_TIMEOUT))
            .values()
            .stream()
            .allMatch(probe -> probe instanceof ProbeResult.Refused);
    return nothingRuns
        ? new ToyctlException(
            ExitCode.NOT_RUNNING, "verify", "no node of the store is running", "toyctl up")
        : new ToyctlException(
            ExitCode.STATE_UNKNOWN, "verify", "no order replica is running", "toyctl status");
  }

  /**
   * How far a replica got.
   *
   * @param reached whether it has applied the fence
   * @param status the last status that it reported, or null if it never answered
   */
  record Progress(boolean reached, @Nullable NodeStatus status) {
    String describe() {
      return status == null ? "it does not answer" : "it is at " + status.appliedIndex();
    }
  }

  /** Waits until the replicas have applied the fence, or until the deadline. */
  Map<Node, Progress> awaitApplied(List<Node> replicas, NodeClient client, Deadline deadline)
      throws InterruptedException {
    return ParallelTasks.forEach(replicas, node -> awaitApplied(node, client, deadline));
  }

  private Progress awaitApplied(Node node, NodeClient client, Deadline deadline)
      throws InterruptedException {
    NodeStatus last = null;
    while (true) {
      ProbeResult probe = client.probe(node, deadline.atMost(PROBE_TIMEOUT));
      if (probe instanceof ProbeResult.Answered answer) {
        last = answer.status();
        Long applied = last.appliedIndex();
        if (applied != null && applied >= index()) {
          return new Progress(true, last);
        }
      }
      // A replica that is not running cannot reach the fence, so waiting is useless.
      if (deadline.passed() || probe instanceof ProbeResult.Refused) {
        return new Progress(false, last);
      }
      deadline.pause(POLL);
    }
  }
}
