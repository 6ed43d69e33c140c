package toystore.node.replica;

import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import toystore.config.StorageSettings;
import toystore.config.Topology;
import toystore.db.log.LogEngine;
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
 * A member of a replicated group in this process: its state, its log, and the parts that depend on
 * both. If the file or the log fails, the process halts.
 *
 * @param <S> the state that the log drives
 */
public final class Replica<S extends ReplicatedState> implements AutoCloseable {
  private static final Duration FENCE_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(500);

  private final Node node;
  private final StorageFailureHandler storageFailure;
  private final S state;
  private final long logEnd;
  private final ReplicaEvents events;
  private final ReplicatedLog log;
  private final ReadGuard readGuard;
  private final CatchUpMonitor catchUp;
  private final ReplicaStatus status;

  private Replica(
      Node node,
      ReplicaGroup group,
      StorageFailureHandler storageFailure,
      ReplicaStartup.Ready<S> ready) {
    this.node = node;
    this.storageFailure = storageFailure;
    this.state = ready.opened().state();
    this.logEnd = ready.log().lastIndex();
    this.events = new ReplicaEvents(node);
    this.log = ready.log().start(group.settings(), state, events);
    this.readGuard = new ReadGuard(node.name(), log);
    this.catchUp = new CatchUpMonitor(log);
    this.status = new ReplicaStatus(node, log, catchUp);
  }

  /**
   * Opens the node's H2 file and starts its log. Damaged or missing files are rebuilt if that is
   * safe. With {@code --heal yes} the node rejoins its group as a member that has lost its log.
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
    StorageFailureHandler storageFailure = new StorageFailureHandler(node, file);
    DataFile<S> data =
        new DataFile<>(
            file,
            migrations,
            ReplicaGroup.sizes(storage),
            ReplicaGroup.flushPolicy(storage),
            state,
            storageFailure);
    ReplicaStartup.Ready<S> ready;
    try (SocketNodeCaller caller = new SocketNodeCaller(CONNECT_TIMEOUT)) {
      ReplicaStartup<S> startup =
          new ReplicaStartup<>(
              engine,
              group.log(),
              node.directory().resolve("raft"),
              MembershipMarker.of(node.directory()),
              data,
              new OtherMembers(node.config(), node.self(), caller),
              ReplicaStartup.Timeouts.DEFAULT);
      ready = node.argument("--heal") == null ? startup.start() : startup.heal();
    }
    Database database = node.onStop("database", ready.opened().database());
    node.onStop("compaction", new FileCompaction(database));
    return node.onStop("raft", new Replica<>(node, group, storageFailure, ready));
  }

  /** Halts this node because its H2 file is damaged. The next start rebuilds the file. */
  public void damaged(StorageException found) {
    storageFailure.accept(found);
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

  private OtherMembers.Committed fence(OtherMembers.Fence request) throws Exception {
    try {
      ReplicatedLog.Applied applied =
          log.commitNoOp().get(FENCE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return new OtherMembers.Committed(node.name(), applied.index());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Adds a listener, and notifies it at once if this member already leads. */
  public void onLeadership(LeadershipListener listener) {
    events.add(listener);
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

  /** Decides whether this member may answer a request. */
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
   * The current status of this node.
   *
   * @param open whether the service of this node can work; otherwise its status is "starting"
   * @param leaderRole the role to report while this member leads
   * @param followerRole the role to report while it does not lead
   * @param orders the number of orders that it holds, or null if it holds none
   * @param hash the running hash of the orders, or null
   * @param missed what this member missed before its start, or null if nothing
   */
  public NodeStatus status(
      boolean open,
      String leaderRole,
      String followerRole,
      @Nullable Long orders,
      @Nullable String hash,
      @Nullable String missed) {
    return status.build(open, leaderRole, followerRole, orders, hash, missed);
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
    events.closing();
    catchUp.close();
    log.close();
  }
}
