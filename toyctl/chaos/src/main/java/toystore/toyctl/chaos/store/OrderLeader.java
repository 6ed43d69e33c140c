package toystore.toyctl.chaos.store;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.nodes.GroupLeader;
import toystore.toyctl.cluster.nodes.NodeClient;

/** Finds the leader of the order replicas by asking all of them. */
final class OrderLeader {
  private static final Duration PROBE_TIMEOUT = Duration.ofMillis(500);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

  private final StoreConfig config;
  private final NodeClient client;

  OrderLeader(StoreConfig config, NodeClient client) {
    this.config = config;
    this.client = client;
  }

  private Optional<String> current() throws InterruptedException {
    var probes =
        ParallelTasks.forEach(config.nodes(Role.ORDER), node -> client.probe(node, PROBE_TIMEOUT));
    return GroupLeader.among(probes.values().stream(), Role.ORDER).map(NodeStatus::node);
  }

  String await(@Nullable String excluded, Duration timeout) throws InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    while (true) {
      Optional<String> leader = current().filter(name -> !name.equals(excluded));
      if (leader.isPresent()) {
        return leader.get();
      }
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.TIMED_OUT,
            "throwaway store",
            "no order replica leads after " + deadline.inWords(),
            null);
      }
      deadline.pause(POLL_INTERVAL);
    }
  }
}
