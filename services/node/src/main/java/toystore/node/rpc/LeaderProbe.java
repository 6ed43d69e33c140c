package toystore.node.rpc;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.NodeStatus;

/** Finds the leader of a group from the status of its nodes. */
final class LeaderProbe {
  private static final System.Logger LOG = System.getLogger(LeaderProbe.class.getName());
  private static final Duration TIMEOUT = Duration.ofMillis(250);

  private final NodeCaller caller;
  private final List<GroupTarget> targets;

  LeaderProbe(NodeCaller caller, List<GroupTarget> targets) {
    this.caller = caller;
    this.targets = targets;
  }

  /**
   * Requests the status of all nodes at the same time.
   *
   * @param except the node to leave out, or null
   * @return a node that reports that it leads and is ready, or null if there is none
   */
  @Nullable GroupTarget find(@Nullable GroupTarget except) throws InterruptedException {
    Map<GroupTarget, CompletableFuture<NodeReply>> replies = new LinkedHashMap<>();
    for (GroupTarget target : targets) {
      if (!target.equals(except)) {
        replies.put(target, caller.call(target.url() + ApiPaths.STATUS, null, TIMEOUT));
      }
    }
    for (Map.Entry<GroupTarget, CompletableFuture<NodeReply>> entry : replies.entrySet()) {
      try {
        NodeReply reply = entry.getValue().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        if (reply.ok() && leads(NodeStatus.read(reply.body()))) {
          return entry.getKey();
        }
      } catch (ExecutionException | TimeoutException | IOException e) {
        // A node without a status is not known to lead, so the excepted node keeps its chance.
        LOG.log(Level.DEBUG, "no status from " + entry.getKey().name(), e);
      }
    }
    return null;
  }

  private static boolean leads(NodeStatus status) {
    return status.ready() && status.node().equals(status.leader());
  }
}
