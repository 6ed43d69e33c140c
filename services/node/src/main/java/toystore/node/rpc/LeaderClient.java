package toystore.node.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.SilenceCheck;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.NodeStatus;

/**
 * Finds the leader of a replicated group and keeps trying until a deadline. Everything sent through
 * it is idempotent by an id of its own, so an attempt whose answer was lost is simply repeated, at
 * the same leader or at the next.
 *
 * <p>A leader that is dead answers with a reset and one that lost its office with 421 and the name
 * of its successor. A leader that hangs answers nothing: after {@link #SUSPECT} the others are
 * asked who leads.
 */
public final class LeaderClient {
  private static final System.Logger LOG = System.getLogger(LeaderClient.class.getName());
  private static final Duration SUSPECT = Duration.ofMillis(400);
  private static final Duration PROBE = Duration.ofMillis(250);
  private static final long FIRST_PAUSE_MS = 5;
  private static final long LONGEST_PAUSE_MS = 40;

  /** Told when another node than before leads. */
  public interface OnLeader {
    /** A route that tells nobody. */
    OnLeader NOBODY = new OnLeader() {};

    /** Another node than before leads. */
    default void changed(String leader) {}

    /**
     * The first call got through to a leader that is another one than that of the call before.
     *
     * @param waited how long this call had been trying
     */
    default void reached(String leader, Duration waited) {}
  }

  /** Where a call may go; there is one for each node. */
  private static final class Target {
    private final String name;
    private final String url;

    Target(String name, String url) {
      this.name = name;
      this.url = url;
    }

    String name() {
      return name;
    }

    String url() {
      return url;
    }
  }

  private final NodeCaller caller;
  private final List<Target> targets;
  private final Map<String, Target> byName;
  private final OnLeader onLeader;
  private volatile @Nullable Target leader;

  /** The last ones that were told of; they stay while no leader is known. */
  private @Nullable String lastLeader;

  private @Nullable String lastReached;

  /**
   * A route to the leader of these nodes.
   *
   * @param nodes the group, most likely leader first
   * @param onLeader told of each new leader
   */
  public LeaderClient(
      NodeCaller caller, StoreConfig config, List<Topology.Node> nodes, OnLeader onLeader) {
    this.caller = caller;
    this.targets = nodes.stream().map(n -> new Target(n.name(), config.url(n))).toList();
    this.byName = targets.stream().collect(Collectors.toMap(Target::name, Function.identity()));
    this.onLeader = onLeader;
  }

  /** The node that answered as leader last, if any. */
  public @Nullable String leader() {
    Target known = leader;
    return known == null ? null : known.name();
  }

  /**
   * Calls the leader until it answers: with anything but 421 and 503.
   *
   * @param body CBOR to post, or null for GET
   * @throws ApiException 503 when the deadline passes; the call may or may not have been done
   */
  public NodeReply call(String path, byte @Nullable [] body, Deadline deadline) {
    long begunNanos = System.nanoTime();
    Throwable last = null;
    long pause = FIRST_PAUSE_MS;
    int next = 0;
    Target known = leader;
    Target target = known != null ? known : targets.getFirst();
    while (!deadline.passed()) {
      try {
        NodeReply reply = attempt(target, path, body, deadline);
        if (reply.status() == 421) {
          last = new IOException(target.name() + " does not lead");
          forget(target);
          Target hinted = reply.leader() == null ? null : byName.get(reply.leader());
          if (hinted != null && !hinted.equals(target)) {
            target = hinted;
            // A hint may point at a dead node: without a pause two wrong hints would spin.
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
        // Not the one that has just failed, unless there is no other.
        next++;
      }
      target = known != null ? known : targets.get(next++ % targets.size());
      pause = sleep(pause, deadline);
    }
    throw new ApiException(503, "no leader of " + names() + " answered within the deadline", last);
  }

  private String names() {
    return targets.stream().map(Target::name).collect(Collectors.joining(", "));
  }

  private static long sleep(long pause, Deadline deadline) {
    try {
      Thread.sleep(Math.min(pause, deadline.left().toMillis()));
    } catch (InterruptedException e) {
      throw stopping();
    }
    return Math.min(LONGEST_PAUSE_MS, pause * 2);
  }

  private NodeReply attempt(Target target, String path, byte @Nullable [] body, Deadline deadline)
      throws IOException {
    SilenceCheck silence = new SilenceCheck(SUSPECT, () -> nobodyElseLeads(target));
    try {
      return caller.send(target.url() + path, body, deadline.left(), silence);
    } catch (IOException e) {
      throw new IOException(target.name() + " did not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      throw stopping();
    }
  }

  /** A leader that hangs answers nothing: the others are asked whether one of them leads now. */
  private boolean nobodyElseLeads(Target suspect) {
    try {
      Target other = askWhoLeads(suspect);
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

  private static boolean leads(NodeStatus status) {
    return status.ready() && status.node().equals(status.leader());
  }

  /** Another node than this one that says it leads, or null. */
  private @Nullable Target askWhoLeads(@Nullable Target suspect) throws InterruptedException {
    Map<Target, CompletableFuture<NodeReply>> asked = new LinkedHashMap<>();
    for (Target target : targets) {
      if (!target.equals(suspect)) {
        asked.put(target, caller.call(target.url() + ApiPaths.STATUS, null, PROBE));
      }
    }
    for (Map.Entry<Target, CompletableFuture<NodeReply>> entry : asked.entrySet()) {
      try {
        NodeReply reply = entry.getValue().get(PROBE.toMillis(), TimeUnit.MILLISECONDS);
        if (reply.ok() && leads(NodeStatus.read(reply.body()))) {
          return entry.getKey();
        }
      } catch (ExecutionException | TimeoutException | IOException e) {
        // A node that cannot say who leads is no answer; the suspect keeps its chance.
        LOG.log(System.Logger.Level.DEBUG, entry.getKey().name() + " cannot say who leads", e);
      }
    }
    return null;
  }

  private void know(Target target) {
    leader = target;
    synchronized (onLeader) {
      if (!target.name().equals(lastLeader)) {
        lastLeader = target.name();
        onLeader.changed(target.name());
      }
    }
  }

  private void reached(Target target, long begunNanos) {
    know(target);
    synchronized (onLeader) {
      if (!target.name().equals(lastReached)) {
        lastReached = target.name();
        onLeader.reached(target.name(), Duration.ofNanos(System.nanoTime() - begunNanos));
      }
    }
  }

  /** Asks all nodes who leads, once; says whether one does and is ready. */
  public boolean findLeader() throws InterruptedException {
    Target found = askWhoLeads(null);
    if (found != null) {
      know(found);
    }
    return found != null;
  }

  private void forget(Target target) {
    if (target.equals(leader)) {
      leader = null;
    }
  }
}
