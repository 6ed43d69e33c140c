package toystore.db.raft.transport;

import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;

/**
 * Handles the requests of other members. Each method may block. {@link RaftServer} calls it on the
 * thread that serves the connection.
 */
public interface RpcHandler {
  /**
   * Handles a leader's entries.
   *
   * @param reportBusy informs the leader that this process is alive and needs more time
   */
  AppendEntriesResponse handleAppendEntries(AppendEntries request, Runnable reportBusy);

  /** Called after each response to {@link AppendEntries} was sent. */
  void appendEntriesResponseSent();

  AppendEntriesResponse handleInstallState(InstallState request);

  RequestVoteResponse handleRequestVote(RequestVote request);

  /** Starts an election before this method returns. */
  void handleTimeoutNow(TimeoutNow request);

  CommitIndexResponse handleCommitIndexRequest();
}
