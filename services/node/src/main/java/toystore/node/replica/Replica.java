package toystore.node.replica;

import io.micrometer.core.instrument.MeterRegistry;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import toystore.config.StorageSettings;
import toystore.config.Topology;
import toystore.db.log.LogEngine;
import toystore.db.log.LogListener;
import toystore.db.log.LogStatus;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.Migrations;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;
import toystore.node.Node;
import toystore.node.http.NodeRoutes;
import toystore.node.rpc.SocketNodeCaller;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.NodeStatus;

/**
 * A member of a replicated group in this process. It opens the H2 file, starts the log on it,
 * reports its status, and halts the process when the file or the log fails.
 *
 * @param <S> the state that the log drives
 */
public final class Replica<S extends ReplicatedState> implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Replica.class.getName());
  private static final Duration FENCE_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(500);

  private final Node node;
  private final Path file;
  private final S state;
  private final long logEnd;
  private final List<LeadershipListener> leadershipListeners = new CopyOnWriteArrayList<>();
  private final ReplicatedLog log;
  private final ReadGuard readGuard;
  private final CatchUpMonitor catchUp;
  private volatile boolean closing;

  private Replica(Node node, ReplicaGroup group, Path file, ReplicaStartup.Ready<S> ready) {
    this.node = node;
    this.file = file;
    this.state = ready.opened().state();
    this.logEnd = ready.log().lastIndex();
    this.log = ready.log().start(group.settings(), state, new Events());
    this.readGuard = new ReadGuard(node.name(), log);
    this.catchUp = new CatchUpMonitor(log);
  }

  private static Path raftDirectory(Node node) {
    return node.directory().resolve("raft");
  }

  /**
   * Opens the node's H2 file and starts its log. Damaged or missing files are rebuilt if that is
   * safe. With {@code --heal yes} the node returns as a new member under its old name.
   *
   * @param engine the engine of the replicated log
   * @param name the name of the H2 file in the node's directory
   * @param state creates the state from the open file and the policy for writing it
   */
  public static <S extends ReplicatedState> Replica<S> open(
      Node node,
      LogEngine engine,
      String name,
      Migrations migrations,
      BiFunction<Database, WriteBehind.FlushPolicy, S> state) {
    Path file = node.directory().resolve(name);
    ReplicaGroup group = ReplicaGroup.of(node.config(), node.self());
    StorageSettings storage = node.config().storage();
    DataFile<S> data =
        new DataFile<>(
            file,
            migrations,
            ReplicaGroup.sizes(storage),
            ReplicaGroup.flushPolicy(storage),
            state,
            e -> failed(node, file, e));
    ReplicaStartup.Ready<S> ready;
    try (SocketNodeCaller caller = new SocketNodeCaller(CONNECT_TIMEOUT)) {
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

  /** Halts this node because its H2 file is damaged. The next start rebuilds the file. */
  public void damaged(StorageException found) {
    failed(node, file, found);
  }

  /** The index of the last entry of this node's own log at its start, or -1 if it was empty. */
  public long logEnd() {
    return logEnd;
  }

  /** The name of the leader if it is another member, otherwise null. */
  public @Nullable String otherLeader() {
    String leader = log.status().leader();
    return node.name().equals(leader) ? null : leader;
  }

  /** Adds the messages that every member of a group answers. */
  public NodeRoutes withMemberRoutes(NodeRoutes routes) {
    return routes.message(
        ApiPaths.REJOIN, OtherMembers.Fence.class, readGuard.leaderOnly(this::fence));
  }

  private OtherMembers.Committed fence(OtherMembers.Fence asked) throws Exception {
    try {
      ReplicatedLog.Applied applied =
          log.commitNoOp().get(FENCE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return new OtherMembers.Committed(node.name(), applied.index());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Reacts to events of the log. */
  private final class Events implements LogListener {
    @Override
    public void leadershipStarted(long term) {
      LOG.log(Level.INFO, "{0} leads", node.name());
      leadershipListeners.forEach(listener -> listener.leadershipStarted(term));
    }

    @Override
    public void leadershipEnded() {
      LOG.log(Level.INFO, "{0} no longer leads", node.name());
      leadershipListeners.forEach(LeadershipListener::leadershipEnded);
    }

    @Override
    public void leaderChanged(String leader, long term) {
      LOG.log(Level.INFO, "{0} has learned that {1} leads", node.name(), leader);
    }

    @Override
    public void fatal(String what, @Nullable Throwable cause) {
      if (!closing) {
        node.halt(what, cause);
      }
    }
  }

  /** Adds a listener, and notifies it at once if this member already leads. */
  public void onLeadership(LeadershipListener listener) {
    leadershipListeners.add(listener);
    if (log.leads()) {
      listener.leadershipStarted(log.status().term());
    }
  }

  public S state() {
    return state;
  }

  public ReplicatedLog log() {
    return log;
  }

  /** Who may answer a request on this member. */
  public ReadGuard readGuard() {
    return readGuard;
  }

  /**
   * Waits in the background until this member has applied everything that was committed when it
   * started. Until then its status is "starting".
   *
   * @param onCaughtUp runs when the member has caught up
   */
  public void onceCaughtUp(Runnable onCaughtUp) {
    catchUp.start(onCaughtUp);
  }

  /**
   * The status of this node. The caller adds what only its role knows.
   *
   * @param open whether the parts of the role can do their work
   */
  public NodeStatus status(
      boolean open,
      String leaderRole,
      String followerRole,
      @Nullable Long orders,
      @Nullable String hash,
      @Nullable String missed) {
    LogStatus now = log.status();
    boolean serves = open && catchUp.caughtUp() && now.leader() != null;
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

  /** Registers gauges for the term, the indexes and the lag. */
  public void bindMetrics(MeterRegistry registry) {
    List<String> peers =
        node.config().nodes(node.self().role()).stream()
            .map(Topology.Node::name)
            .filter(name -> !name.equals(node.name()))
            .toList();
    ReplicaMetrics.bind(log, peers, registry);
  }

  @Override
  public void close() {
    closing = true;
    catchUp.close();
    log.close();
  }
}
