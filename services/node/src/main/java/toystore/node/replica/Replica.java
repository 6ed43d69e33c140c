package toystore.node.replica;

import io.helidon.webserver.http.Handler;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.config.StoreConfig;
import toystore.db.log.IndeterminateException;
import toystore.db.log.LogEngine;
import toystore.db.log.LogListener;
import toystore.db.log.LogStatus;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.Migrations;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;
import toystore.node.Node;
import toystore.node.http.NodeServer;
import toystore.node.rpc.MessageHandler;
import toystore.node.rpc.MisdirectedException;
import toystore.node.rpc.SocketNodeCaller;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.NodeStatus;

/**
 * A member of a replicated group in a process of its own: opens the file, starts the log on it,
 * says how it is, and halts when either can not go on.
 *
 * @param <S> the state that the log drives
 */
public final class Replica<S extends ReplicatedState> implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Replica.class.getName());
  private static final Duration BARRIER = Duration.ofSeconds(1);
  private static final Duration FENCE = Duration.ofSeconds(5);
  private static final Duration CONNECT = Duration.ofMillis(500);

  /** Told when this member begins or ends to lead, on the log's threads: must not block. */
  public interface Leadership {
    void began(long term);

    void ended();
  }

  private final Node node;
  private final Path file;
  private final S state;
  private final long logEnd;
  private final List<Leadership> leadership = new CopyOnWriteArrayList<>();
  private final ReplicatedLog log;
  private volatile boolean caughtUp;
  private volatile boolean closing;

  private Replica(Node node, ReplicaGroup group, Path file, ReplicaStartup.Ready<S> ready) {
    this.node = node;
    this.file = file;
    this.state = ready.opened().state();
    this.logEnd = ready.log().last();
    this.log = ready.log().start(group.settings(), state, new Events());
  }

  private static Path raftDirectory(Node node) {
    return node.directory().resolve("raft");
  }

  /**
   * Opens the node's file and starts its log. What is damaged or gone is rebuilt where that is
   * safe; with {@code --heal yes} the node comes back as a fresh member.
   *
   * @param engine of the replicated log
   * @param name of the file in the node's directory
   * @param state made from the open file and the pace of writing it
   */
  public static <S extends ReplicatedState> Replica<S> open(
      Node node,
      LogEngine engine,
      String name,
      Migrations migrations,
      BiFunction<Database, WriteBehind.Pace, S> state) {
    Path file = node.directory().resolve(name);
    ReplicaGroup group = ReplicaGroup.of(node.config(), node.self());
    StoreConfig.Storage storage = node.config().storage();
    DataFile<S> data =
        new DataFile<>(
            file,
            migrations,
            ReplicaGroup.sizes(storage),
            ReplicaGroup.pace(storage),
            state,
            e -> failed(node, file, e));
    ReplicaStartup.Ready<S> ready;
    try (SocketNodeCaller caller = new SocketNodeCaller(CONNECT)) {
      ReplicaStartup<S> startup =
          new ReplicaStartup<>(
              node.name(),
              engine,
              group.log(),
              raftDirectory(node),
              MembershipMarker.of(node.directory()),
              data,
              new OtherMembers(node.config(), node.self(), caller));
      ready = node.argument("--heal") == null ? startup.prepare() : startup.heal();
    }
    Database database = node.onStop("database", ready.opened().database());
    node.onStop("compaction", new FileCompaction(database));
    return node.onStop("raft", new Replica<>(node, group, file, ready));
  }

  private static void failed(Node node, Path file, Throwable cause) {
    if (Database.isDamage(cause)) {
      DataFile.noteDamage(file, String.valueOf(cause.getMessage()));
      node.halt("the database is damaged", cause);
    } else {
      node.halt("the database cannot be written", cause);
    }
  }

  /** Ends this node because of what was found in its file; the next start rebuilds it. */
  public void damaged(StorageException found) {
    failed(node, file, found);
  }

  /** Index of the last entry of this node's own log when it was started; -1 if it held none. */
  public long logEnd() {
    return logEnd;
  }

  /** The member that leads, if it is another one. */
  public @Nullable String otherLeader() {
    String leader = log.status().leader();
    return node.name().equals(leader) ? null : leader;
  }

  /** Adds what every member of a group answers to the routes of its role. */
  public NodeServer.Routes withMemberRoutes(NodeServer.Routes routes) {
    return routes.message(ApiPaths.REJOIN, OtherMembers.Fence.class, leaderOnly(this::fence));
  }

  private OtherMembers.Committed fence(OtherMembers.Fence asked) throws Exception {
    try {
      ReplicatedLog.Applied applied = log.fence().get(FENCE.toMillis(), TimeUnit.MILLISECONDS);
      return new OtherMembers.Committed(node.name(), applied.index());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** What the log tells this process. */
  private final class Events implements LogListener {
    @Override
    public void leading(long term) {
      LOG.log(Level.INFO, "{0} leads", node.name());
      leadership.forEach(l -> l.began(term));
    }

    @Override
    public void notLeading() {
      LOG.log(Level.INFO, "{0} leads no more", node.name());
      leadership.forEach(Leadership::ended);
    }

    @Override
    public void leaderKnown(String leader, long term) {
      LOG.log(Level.INFO, "{0} knows that {1} leads", node.name(), leader);
    }

    @Override
    public void fatal(String what, @Nullable Throwable cause) {
      if (!closing) {
        node.halt(what, cause);
      }
    }
  }

  /** Adds a part that works only while this member leads. */
  public void onLeadership(Leadership part) {
    leadership.add(part);
    if (log.leads()) {
      part.began(log.status().term());
    }
  }

  public S state() {
    return state;
  }

  public ReplicatedLog log() {
    return log;
  }

  /**
   * Waits in the background until this member has applied all that was committed when it started,
   * then tells; until then its status is "starting".
   */
  public void onceCaughtUp(Runnable tell) {
    Thread.ofVirtual()
        .name("catch-up")
        .start(
            () -> {
              while (!closing) {
                if (barrier(BARRIER)) {
                  try {
                    tell.run();
                  } finally {
                    caughtUp = true;
                  }
                  return;
                }
              }
            });
  }

  private boolean barrier(Duration patience) {
    try {
      log.barrier().get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (ExecutionException e) {
      LOG.log(Level.DEBUG, "no leader confirms yet", e);
      return pause();
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closing = true;
      return false;
    }
  }

  private boolean pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closing = true;
    }
    return false;
  }

  /**
   * Waits until this member has applied all that was committed when this was called.
   *
   * @throws ApiException 503 if no leader confirms that in time
   */
  public void awaitAllCommitted(Duration patience) throws InterruptedException {
    try {
      log.barrier().get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new ApiException(503, "no leader can confirm now what this replica lacks", e);
    }
  }

  /** A handler that answers 421 with the leader's name where this member does not lead. */
  public Handler leaderOnly(Handler handler) {
    return (request, response) ->
        leading(
            () -> {
              handler.handle(request, response);
              return response;
            });
  }

  /** The same for messages of other nodes. */
  public <T> MessageHandler<T> leaderOnly(MessageHandler<T> answering) {
    return message -> leading(() -> answering.answer(message));
  }

  private <T> T leading(Callable<T> work) throws Exception {
    if (!log.leads()) {
      throw new MisdirectedException(node.name(), log.status().leader());
    }
    try {
      return work.call();
    } catch (NotLeaderException e) {
      throw new MisdirectedException(node.name(), e.leader());
    } catch (IndeterminateException | TimeoutException e) {
      throw new ApiException(503, "the outcome is unknown; a retry is safe", e);
    }
  }

  /**
   * How this node is, with what only its role knows added by the caller.
   *
   * @param open the role's own parts can do their work
   */
  public NodeStatus status(
      boolean open,
      String leaderRole,
      String followerRole,
      @Nullable Long orders,
      @Nullable String hash,
      @Nullable String missed) {
    LogStatus now = log.status();
    boolean serves = open && caughtUp && now.leader() != null;
    return new NodeStatus(
        node.name(),
        now.leads() ? leaderRole : followerRole,
        serves ? "ready" : "starting",
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

  /** Term, indexes and lag as gauges. */
  public void bindMetrics(MeterRegistry metrics) {
    gauge(metrics, "toystore.raft.term", () -> log.status().term());
    gauge(metrics, "toystore.raft.commit.index", () -> log.status().commitIndex());
    gauge(metrics, "toystore.raft.applied.index", () -> log.status().appliedIndex());
    gauge(metrics, "toystore.raft.leader", () -> log.leads() ? 1 : 0);
    for (var peer : node.config().nodes(node.self().role())) {
      if (!peer.name().equals(node.name())) {
        // Only the leader knows it: NaN elsewhere, which is no sample.
        Gauge.builder("toystore.raft.lag", () -> lagOf(peer.name()))
            .tag("peer", peer.name())
            .register(metrics);
      }
    }
  }

  private double lagOf(String peer) {
    Long lag = log.status().lag().get(peer);
    return lag == null ? Double.NaN : lag;
  }

  private static void gauge(MeterRegistry metrics, String name, Supplier<Number> value) {
    Gauge.builder(name, value).register(metrics);
  }

  @Override
  public void close() {
    closing = true;
    log.close();
  }
}
