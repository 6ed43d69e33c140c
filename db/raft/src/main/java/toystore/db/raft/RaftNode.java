package toystore.db.raft;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.core.PersistentState;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.log.VoteFile;
import toystore.db.raft.transport.RaftClient;
import toystore.db.raft.transport.RaftServer;

/** Assembles the parts of a running member, starts them and closes them. */
final class RaftNode implements Closeable {
  /** How long another member may take to respond. */
  private static final int TIMEOUT_MS = 1_000;

  private final List<Member> others;
  private final LogSettings settings;
  private final RaftLog log;
  private final ListenerNotifier notifier;
  private final MemberState state;
  private final RaftClient client;
  private final RaftServer server;
  private final Applier applier;
  private final StateTransfer stateTransfer;
  private final CommandSubmitter submitter;
  private final ElectionCampaign campaign;
  private final ElectionTimer electionTimer;
  private final RaftRpcHandler rpcHandler;
  private final LeadershipTransfer leadershipTransfer;

  /** One request with entries is handled at a time, from its first decision to its response. */
  private final ReentrantLock appendLock = new ReentrantLock();

  RaftNode(
      LogGroup group,
      VoteFile voteFile,
      PersistentState persistent,
      RaftLog log,
      LogSettings settings,
      ReplicatedState replicated,
      LogListener listener) {
    this.others = group.self().others(group.members());
    this.settings = settings;
    this.log = log;
    this.notifier = new ListenerNotifier(listener);
    this.client = new RaftClient(group.id(), TIMEOUT_MS);
    long recovered = replicated.recoveredPosition().index();
    this.state =
        new MemberState(
            group, voteFile, persistent, log, settings, recovered, notifier, new DecisionEffects());
    CommittedLog committed = new CommittedLog(state, log);
    this.applier = new Applier(state, committed, replicated, Math.max(recovered, -1), settings);
    this.stateTransfer = new StateTransfer(state, replicated, this::stateInstalled);
    this.submitter = new CommandSubmitter(state, log, applier);
    this.campaign = new ElectionCampaign(state, others, client, submitter, settings);
    this.rpcHandler = new RaftRpcHandler(state, log, applier, stateTransfer, campaign, appendLock);
    this.electionTimer = new ElectionTimer(state, others.isEmpty(), campaign, rpcHandler, settings);
    this.leadershipTransfer = new LeadershipTransfer(state, log, client);
    this.server = new RaftServer(group.id(), group.self(), rpcHandler);
  }

  /** Carries out what a decision of this member causes. */
  private final class DecisionEffects implements MemberState.Effects {
    @Override
    public LeaderState becomeLeader() {
      return new LeaderState(state, notifier, log, applier, client, others, settings);
    }

    @Override
    public void leaderChanged(String leader, long term) {
      notifier.leaderChanged(leader, term);
      stateTransfer.cancelUnlessFrom(leader);
    }

    @Override
    public void electionDue() {
      electionTimer.wake();
    }
  }

  private void stateInstalled(LogPosition position) {
    rpcHandler.stateInstalled(position);
  }

  /** Starts to take part in the group. */
  void start() throws IOException {
    server.start();
    electionTimer.start();
  }

  /** See {@link CommandSubmitter#submit}. */
  CompletableFuture<ReplicatedLog.Applied> submit(byte[] command) {
    return submitter.submit(command);
  }

  /** Creates the barrier for linearizable reads on this member. */
  LinearizableReads linearizableReads(Supplier<CompletableFuture<?>> commitNoOp) {
    return new LinearizableReads(state, others, client, applier, commitNoOp);
  }

  /** Transfers leadership if this member leads; see {@link LeadershipTransfer#run}. */
  void transferLeadership(Member follower, long waitNanos) throws IOException {
    LeaderState leader = state.leaderState();
    if (leader != null) {
      leadershipTransfer.run(leader, follower, waitNanos);
    }
  }

  ElectionCampaign campaign() {
    return campaign;
  }

  /** Whether this member leads and accepts submissions. */
  boolean leads() {
    return state.leads();
  }

  GroupView view() {
    return state.view();
  }

  long appliedIndex() {
    return applier.appliedIndex();
  }

  String name() {
    return state.name();
  }

  /** Stops taking part in the group, applies the committed entries and closes the log. */
  @Override
  public void close() throws IOException {
    electionTimer.close();
    state.close();
    client.close();
    try {
      server.close();
    } finally {
      stateTransfer.close();
      applier.close();
      notifier.close();
      closeLog();
    }
  }

  private void closeLog() throws IOException {
    appendLock.lock();
    try {
      state.closeLog(log);
    } finally {
      appendLock.unlock();
    }
  }
}
