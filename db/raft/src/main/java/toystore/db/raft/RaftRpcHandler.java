package toystore.db.raft;

import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.Raft;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.transport.CommitIndexResponse;
import toystore.db.raft.transport.InstallState;
import toystore.db.raft.transport.RpcHandler;
import toystore.db.raft.transport.TimeoutNow;

/** Handles the requests of other members, and the installation of a state as their consequence. */
final class RaftRpcHandler implements RpcHandler {
  private static final System.Logger LOG = System.getLogger(RaftRpcHandler.class.getName());

  private final MemberState member;
  private final Raft raft;
  private final RaftLog log;
  private final Applier applier;
  private final StateTransfer stateTransfer;
  private final ElectionCampaign campaign;

  /** Held while entries are appended, synced and confirmed, or a state is installed. */
  private final ReentrantLock appendLock;

  /** Informs the leader that its entries are being written; null when none are. */
  private volatile @Nullable Runnable busyReport;

  RaftRpcHandler(
      MemberState member,
      RaftLog log,
      Applier applier,
      StateTransfer stateTransfer,
      ElectionCampaign campaign,
      ReentrantLock appendLock) {
    this.member = member;
    this.raft = member.raft();
    this.log = log;
    this.applier = applier;
    this.stateTransfer = stateTransfer;
    this.campaign = campaign;
    this.appendLock = appendLock;
  }

  @Override
  public AppendEntriesResponse handleAppendEntries(AppendEntries request, Runnable reportBusy) {
    appendLock.lock();
    try {
      busyReport = reportBusy;
      AppendEntriesResponse response =
          member.decide(
              () -> member.requireUsable().handleAppendEntries(request, System.nanoTime()));
      var _ = log.sync();
      return member.decide(
          () -> {
            if (response.term() == request.term()) {
              raft.postponeElection(System.nanoTime());
            }
            return member.requireUsable().confirmDurable(request, response, log.syncedIndex());
          });
    } catch (UncheckedIOException e) {
      member.fail(e);
      throw e;
    } finally {
      busyReport = null;
      appendLock.unlock();
    }
  }

  /**
   * Informs the leader that its entries are being written, if that is the case.
   *
   * @return whether it is
   */
  boolean reportIfBusy() {
    Runnable report = busyReport;
    if (report == null) {
      return false;
    }
    report.run();
    return true;
  }

  @Override
  public void appendEntriesResponseSent() {
    applier.applyCommitted();
  }

  @Override
  public AppendEntriesResponse handleInstallState(InstallState request) {
    return member.decide(
        () -> {
          boolean needsState =
              member
                  .requireUsable()
                  .handleInstallState(
                      request.leader(), request.term(), request.firstIndex(), System.nanoTime());
          if (needsState) {
            stateTransfer.startFrom(request.leader());
          }
          return new AppendEntriesResponse(raft.term(), false, raft.commitIndex());
        });
  }

  /** The state was replaced, durably, by one at this position. */
  void stateInstalled(LogPosition position) {
    appendLock.lock();
    try {
      member.update(
          () -> {
            member.requireUsable().stateInstalled(position);
            applier.stateInstalled(position.index());
          });
    } catch (UncheckedIOException e) {
      LOG.log(Level.WARNING, "a state was installed too late", e);
    } finally {
      appendLock.unlock();
    }
    applier.applyCommitted();
    applier.completeWaits();
  }

  @Override
  public RequestVoteResponse handleRequestVote(RequestVote request) {
    return member.decide(
        () -> member.requireUsable().handleRequestVote(request, System.nanoTime()));
  }

  @Override
  public void handleTimeoutNow(TimeoutNow request) {
    boolean fromLeader =
        member.read(() -> raft.term() == request.term() && request.leader().equals(raft.leader()));
    if (fromLeader) {
      campaign.runWithoutPreVote();
    }
  }

  @Override
  public CommitIndexResponse handleCommitIndexRequest() {
    return member.read(
        () -> {
          LeaderState leader = member.leaderState();
          if (leader != null) {
            // The follower needs this commit index to serve its reader.
            leader.sendCommitIndex();
          }
          return new CommitIndexResponse(raft.term(), member.leads(), raft.commitIndex());
        });
  }
}
