package toystore.node.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.NoResponsePolicy;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.protocol.api.ApiException;
import toystore.protocol.message.NodeReply;

/**
 * Finds the leader of a replicated group and retries a call until a deadline. Each message carries
 * an id that makes it idempotent, so an attempt whose response was lost is repeated at the same
 * leader or at the next one.
 *
 * <p>A connection to a dead leader is refused or reset. A leader that was deposed responds with 421
 * and the name of its successor. A leader that hangs does not respond: after {@link
 * #SILENCE_BEFORE_PROBE} the client requests the status of the other nodes to find out whether one
 * of them leads.
 */
public final class LeaderClient {
  private static final Duration SILENCE_BEFORE_PROBE = Duration.ofMillis(400);
  private static final long FIRST_PAUSE_MS = 5;
  private static final long MAX_PAUSE_MS = 40;

  private final NodeCaller caller;
  private final List<GroupTarget> targets;
  private final Map<String, GroupTarget> byName;
  private final LeaderProbe probe;
  private final LeaderObserver observer;
  private volatile @Nullable GroupTarget leader;

  // The last leaders that the observer was notified of. They stay while no leader is known.
  private @Nullable String lastLeader;
  private @Nullable String lastReached;

  /**
   * Creates a client for the leader of a group.
   *
   * @param nodes the group, with the most likely leader first
   */
  public LeaderClient(
      NodeCaller caller, StoreConfig config, List<Topology.Node> nodes, LeaderObserver observer) {
    this.caller = caller;
    this.targets = nodes.stream().map(n -> new GroupTarget(n.name(), config.url(n))).toList();
    this.byName =
        targets.stream().collect(Collectors.toMap(GroupTarget::name, Function.identity()));
    this.probe = new LeaderProbe(caller, targets);
    this.observer = observer;
  }

  /** The last known leader, or null if none is known. */
  public @Nullable String leader() {
    GroupTarget known = leader;
    return known == null ? null : known.name();
  }

  /**
   * Sends a call to the leader until a node responds with a status other than 421 and 503.
   *
   * @param body CBOR to post, or null for GET
   * @throws ApiException 503 if the deadline passes. The call may or may not have been executed
   */
  public NodeReply call(String path, byte @Nullable [] body, Deadline deadline) {
    long begunNanos = System.nanoTime();
    Throwable last = null;
    long pause = FIRST_PAUSE_MS;
    int next = 0;
    GroupTarget known = leader;
    GroupTarget target = known != null ? known : targets.getFirst();
    while (!deadline.passed()) {
      try {
        NodeReply reply = attempt(target, path, body, deadline);
        if (reply.status() == 421) {
          last = new IOException(target.name() + " does not lead");
          forget(target);
          GroupTarget hinted = reply.leader() == null ? null : byName.get(reply.leader());
          if (hinted != null && !hinted.equals(target)) {
            target = hinted;
            // A hint may name a dead node. Without a pause, two wrong hints would cause a busy
            // loop.
            pause = sleep(pause, deadline);
            continue;
          }
        } else if (reply.status() == 503) {
          last = new IOException(target.name() + " is not available");
        } else {
          reached(target, begunNanos);
          return reply;
        }
      } catch (IOException e) {
        last = e;
        forget(target);
      }
      known = leader;
      if (known == null && target.equals(targets.get(next % targets.size()))) {
        // Skips the node that has just failed, unless it is the only one.
        next++;
      }
      target = known != null ? known : targets.get(next++ % targets.size());
      pause = sleep(pause, deadline);
    }
    throw new ApiException(503, "no leader of " + names() + " answered within the deadline", last);
  }

  private String names() {
    return targets.stream().map(GroupTarget::name).collect(Collectors.joining(", "));
  }

  private static long sleep(long pause, Deadline deadline) {
    try {
      Thread.sleep(Math.min(pause, deadline.left().toMillis()));
    } catch (InterruptedException e) {
      throw stopping();
    }
    return Math.min(MAX_PAUSE_MS, pause * 2);
  }

  private NodeReply attempt(
      GroupTarget target, String path, byte @Nullable [] body, Deadline deadline)
      throws IOException {
    NoResponsePolicy silence =
        new NoResponsePolicy(SILENCE_BEFORE_PROBE, () -> noOtherLeader(target));
    try {
      return caller.send(target.url() + path, body, deadline.left(), silence);
    } catch (IOException e) {
      throw new IOException(target.name() + " did not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      throw stopping();
    }
  }

  /** Whether no other node reports that it leads. If one does, it becomes the known leader. */
  private boolean noOtherLeader(GroupTarget silent) {
    try {
      GroupTarget other = probe.find(silent);
      if (other != null) {
        leader = other;
      }
      return other == null;
    } catch (InterruptedException e) {
      throw stopping();
    }
  }

  private static ApiException stopping() {
    Thread.currentThread().interrupt();
    return ApiException.unavailable("the node is stopping");
  }

  private void found(GroupTarget target) {
    leader = target;
    synchronized (observer) {
      if (!target.name().equals(lastLeader)) {
        lastLeader = target.name();
        observer.leaderChanged(target.name());
      }
    }
  }

  private void reached(GroupTarget target, long begunNanos) {
    found(target);
    synchronized (observer) {
      if (!target.name().equals(lastReached)) {
        lastReached = target.name();
        observer.leaderReached(target.name(), Duration.ofNanos(System.nanoTime() - begunNanos));
      }
    }
  }

  /**
   * Requests the status of all nodes once.
   *
   * @return whether one of them leads and is ready
   */
  public boolean findLeader() throws InterruptedException {
    GroupTarget target = probe.find(null);
    if (target != null) {
      found(target);
    }
    return target != null;
  }

  private void forget(GroupTarget target) {
    if (target.equals(leader)) {
      leader = null;
    }
  }
}
