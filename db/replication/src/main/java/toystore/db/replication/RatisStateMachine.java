package toystore.db.replication;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.LogPosition;

/**
 * Between Ratis and a {@link ReplicatedState}, and nothing more. "Snapshots" have no files: they
 * are the position up to which the state is durable.
 */
final class RatisStateMachine extends BaseStateMachine {
  private static final long PERSIST_SECONDS = 60;
  private static final long RETRY_INSTALL_MS = 200;

  /** A durable state as Ratis wants to see it. */
  private record Durable(TermIndex getTermIndex) implements SnapshotInfo {
    @Override
    public List<FileInfo> getFiles() {
      return List.of();
    }
  }

  private final ReplicatedState state;
  private final LogListener listener;

  /** One install at a time; one that was given up may still be at its last step. */
  private final ReentrantLock installs = new ReentrantLock();

  /** The install under way, if there is one. */
  private volatile @Nullable Install underWay;

  private record Install(String leader, Thread thread, CompletableFuture<TermIndex> installed) {}

  /** Moves only when the state was made durable: followers' appends are checked against it. */
  private volatile @Nullable SnapshotInfo durable;

  RatisStateMachine(ReplicatedState state, LogListener listener) {
    this.state = state;
    this.listener = listener;
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage storage)
      throws IOException {
    getLifeCycle()
        .startAndTransition(
            () -> {
              super.initialize(server, groupId, storage);
              continueFrom(state.recovered());
            });
  }

  private void continueFrom(LogPosition position) {
    if (position.index() >= 0) {
      TermIndex index = TermIndex.valueOf(position.term(), position.index());
      setLastAppliedTermIndex(index);
      durable = new Durable(index);
    }
  }

  @Override
  public @Nullable SnapshotInfo getLatestSnapshot() {
    return durable;
  }

  @Override
  public void pause() {
    if (getLifeCycleState() == LifeCycle.State.RUNNING) {
      getLifeCycle().transition(LifeCycle.State.PAUSING);
      getLifeCycle().transition(LifeCycle.State.PAUSED);
    }
  }

  @Override
  public void reinitialize() {
    continueFrom(state.recovered());
    getLifeCycle().transition(LifeCycle.State.STARTING);
    getLifeCycle().transition(LifeCycle.State.RUNNING);
  }

  @Override
  public TransactionContext startTransaction(RaftClientRequest request) {
    return TransactionContext.newBuilder()
        .setStateMachine(this)
        .setClientRequest(request)
        .setStateMachineContext(request.getMessage())
        .build();
  }

  @Override
  public TransactionContext startTransaction(LogEntryProto entry, RaftPeerRole role) {
    return TransactionContext.newBuilder()
        .setStateMachine(this)
        .setLogEntry(entry)
        .setServerRole(role)
        .build();
  }

  @Override
  public TransactionContext preAppendTransaction(TransactionContext transaction) {
    if (transaction.getStateMachineContext() instanceof Submission submission) {
      submission.markAppended();
    }
    return transaction;
  }

  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto entry = transaction.getLogEntry();
    if (entry.getIndex() <= getLastAppliedTermIndex().getIndex()) {
      // Came with an installed state.
      return CompletableFuture.completedFuture(Message.EMPTY);
    }
    byte[] command =
        transaction.getStateMachineContext() instanceof Submission submission
            ? submission.command()
            : entry.getStateMachineLogEntry().getLogData().toByteArray();
    try {
      Object result = apply(new LogPosition(entry.getTerm(), entry.getIndex()), command);
      advanceTo(entry.getTerm(), entry.getIndex());
      return CompletableFuture.completedFuture(new Submission.Result(entry.getIndex(), result));
    } catch (RuntimeException | Error e) {
      listener.fatal("cannot apply entry " + entry.getIndex(), e);
      throw e;
    }
  }

  /** An empty command is one that only had to be committed ({@link ReplicatedLog#fence}). */
  private Object apply(LogPosition position, byte[] command) {
    if (command.length == 0) {
      state.skip(position);
      return position;
    }
    return state.apply(position, command);
  }

  @Override
  public void notifyTermIndexUpdated(long term, long index) {
    if (index > getLastAppliedTermIndex().getIndex()) {
      state.skip(new LogPosition(term, index));
      advanceTo(term, index);
    }
  }

  /** An install and an entry that was being applied meanwhile may end in either order. */
  private synchronized void advanceTo(long term, long index) {
    if (index > getLastAppliedTermIndex().getIndex()) {
      updateLastAppliedTermIndex(term, index);
    }
  }

  @Override
  public long takeSnapshot() throws IOException {
    LogPosition position = persist();
    durable = new Durable(TermIndex.valueOf(position.term(), position.index()));
    // Never more than Ratis knows of: an install may just have moved the state further.
    return Math.min(position.index(), division().getInfo().getLastAppliedIndex());
  }

  private RaftServer.Division division() throws IOException {
    try {
      return getServer().get().getDivision(getGroupId());
    } catch (ExecutionException e) {
      throw new IOException("the Raft server did not start", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private LogPosition persist() throws IOException {
    try {
      return state.persist().get(PERSIST_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the state could not be made durable", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the state was made durable", e);
    }
  }

  // Called with the server's lock held: only starts the work. A failed answer makes the leader ask
  // again at once, so failures are answered after a pause.
  @Override
  public CompletableFuture<TermIndex> notifyInstallSnapshotFromLeader(
      RoleInfoProto role, TermIndex firstInLog) {
    String leader = role.getFollowerInfo().getLeaderInfo().getId().getId().toStringUtf8();
    CompletableFuture<TermIndex> installed = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("install-from-" + leader)
            .unstarted(() -> install(leader, firstInLog, installed));
    Install mine = new Install(leader, thread, installed);
    underWay = mine;
    installed.whenComplete((index, e) -> forget(mine));
    thread.start();
    return installed;
  }

  @SuppressWarnings("ReferenceEquality") // this very install
  private void forget(Install install) {
    if (underWay == install) {
      underWay = null;
    }
  }

  /** What a leader of the past has may be less than what the new one's log begins with. */
  private void giveUpInstallFromOtherThan(String leader) {
    Install install = underWay;
    if (install != null && !install.leader().equals(leader)) {
      install.thread().interrupt();
      install
          .installed()
          .completeExceptionally(
              new IOException(install.leader() + " leads no more, " + leader + " does"));
    }
  }

  private void install(
      String leader, TermIndex firstInLog, CompletableFuture<TermIndex> installed) {
    try {
      installs.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      installed.completeExceptionally(e);
      return;
    }
    try {
      if (getLastAppliedTermIndex().getIndex() + 1 >= firstInLog.getIndex()) {
        // Nothing is missing. Returning an index below the log's end would set the log back; a
        // fresh durable position lets the leader see that the log can go on from here.
        LogPosition position = persist();
        durable = new Durable(TermIndex.valueOf(position.term(), position.index()));
        division().getRaftLog().updateSnapshotIndex(position.index());
        // Not null, which waits to be asked for, also where nobody asks any more.
        installed.completeExceptionally(new IOException("nothing is missing up to " + position));
        return;
      }
      LogPosition position = state.install(leader);
      // Also where it was given up meanwhile: entries that came with it are not applied again.
      advanceTo(position.term(), position.index());
      installed.complete(TermIndex.valueOf(position.term(), position.index()));
    } catch (IOException e) {
      CompletableFuture.delayedExecutor(RETRY_INSTALL_MS, TimeUnit.MILLISECONDS)
          .execute(() -> installed.completeExceptionally(e));
    } catch (RuntimeException | Error e) {
      listener.fatal("cannot install missed entries from " + leader, e);
      installed.completeExceptionally(e);
    } finally {
      installs.unlock();
    }
  }

  @Override
  public void notifyLeaderReady() {
    listener.leading(getLastAppliedTermIndex().getTerm());
  }

  @Override
  public void notifyNotLeader(Collection<TransactionContext> pending) {
    listener.notLeading();
  }

  @Override
  public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
    giveUpInstallFromOtherThan(leader.toString());
    listener.leaderKnown(leader.toString(), getLastAppliedTermIndex().getTerm());
  }

  @Override
  public void notifyLogFailed(Throwable cause, LogEntryProto failedEntry) {
    listener.fatal("the Raft log cannot be written", cause);
  }
}
