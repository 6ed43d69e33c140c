package toystore.db.raft;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.log.ReplicatedLog;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.replication.FollowerReplicator;
import toystore.db.raft.replication.ReplicationRequestBuilder;
import toystore.db.raft.replication.ReplicationSource;
import toystore.db.raft.transport.RaftClient;

/**
 * What a member holds while it leads in one term: the replicators and the pending submissions. A
 * new term gets a new object. After {@link #end}, late responses are ignored; they refer to a
 * different log.
 */
final class LeaderState implements ReplicationSource {
  private final MemberState member;
  private final ListenerNotifier notifier;
  private final Raft raft;
  private final RaftLog log;
  private final Applier applier;
  private final long term;
  private final ReplicationRequestBuilder requests;
  private final List<FollowerReplicator> replicators;

  // The fields below change only while the lock of the member is held.

  private final PendingSubmissions pending = new PendingSubmissions();
  private volatile boolean ready;
  private volatile boolean ended;
  private boolean submissionsPaused;

  /** Creates the state of a new leader. The lock of the member must be held. */
  LeaderState(
      MemberState member,
      ListenerNotifier notifier,
      RaftLog log,
      Applier applier,
      RaftClient client,
      List<Member> others,
      LogSettings settings) {
    this.member = member;
    this.notifier = notifier;
    this.raft = member.raft();
    this.log = log;
    this.applier = applier;
    this.term = raft.term();
    this.requests = new ReplicationRequestBuilder(member.name(), raft, log);
    long heartbeatNanos = heartbeatNanos(settings);
    long nextIndex = raft.firstIndexOfTerm();
    this.replicators =
        others.stream()
            .map(other -> new FollowerReplicator(this, other, client, heartbeatNanos, nextIndex))
            .toList();
  }

  /** Time between two heartbeats: two fit into the shortest election timeout. */
  static long heartbeatNanos(LogSettings settings) {
    return settings.electionTimeoutMin().toNanos() / 2;
  }

  void start() {
    replicators.forEach(FollowerReplicator::start);
  }

  long term() {
    return term;
  }

  /** Whether this leader has applied all entries of earlier terms and accepts submissions. */
  boolean isReady() {
    return ready;
  }

  boolean isEnded() {
    return ended;
  }

  /**
   * Notes that an entry was applied on this member. The lock of the member must be held.
   *
   * @return the submission of this entry, or null
   */
  @Nullable CompletableFuture<ReplicatedLog.Applied> entryApplied(long index) {
    if (!ready && !ended && index >= raft.firstIndexOfTerm()) {
      ready = true;
      notifier.leadershipStarted(term);
    }
    return pending.remove(index);
  }

  /** Ends this leadership without waiting. The lock of the member must be held. */
  void end() {
    boolean wasReady = ready;
    ready = false;
    ended = true;
    replicators.forEach(FollowerReplicator::stop);
    failPending();
    if (wasReady) {
      notifier.leadershipEnded();
    }
  }

  /** Fails all pending submissions as indeterminate. The lock of the member must be held. */
  void failPending() {
    pending.failAll(notifier);
  }

  /**
   * Appends a command to the log. The lock of the member must be held.
   *
   * @return null if this leader does not accept submissions now
   */
  @Nullable CompletableFuture<ReplicatedLog.Applied> propose(byte[] command) {
    return !ready || submissionsPaused ? null : pending.add(raft.propose(command).index());
  }

  /** Rejects or accepts submissions. The lock of the member must be held. */
  void pauseSubmissions(boolean paused) {
    submissionsPaused = paused;
  }

  /** Sends entries that were appended to the log. Does not block. */
  void entriesAppended() {
    replicators.forEach(FollowerReplicator::entriesAppended);
  }

  /** Informs all followers of the commit index at once. Does not block. */
  void sendCommitIndex() {
    replicators.forEach(FollowerReplicator::sendCommitIndex);
  }

  /** Closes connections over which a response is overdue. */
  void closeOverdueConnections() {
    replicators.forEach(FollowerReplicator::closeIfOverdue);
  }

  @Override
  public ReplicationSource.@Nullable Request nextRequest(long nextIndex, int maxBytes) {
    // A leader that has failed sends no heartbeats, so that another member is elected.
    return member.decide(
        () -> ended || member.isFailed() ? null : requests.next(nextIndex, maxBytes));
  }

  @Override
  public long lastIndex() {
    return log.lastIndex();
  }

  @Override
  public boolean isLarger(long index, int bytes) {
    return member.read(() -> requests.isLarger(index, bytes));
  }

  @Override
  public void followerBusy(String follower) {
    var _ =
        member.read(
            () -> {
              if (!ended) {
                raft.followerBusy(follower, System.nanoTime());
              }
              return ended;
            });
  }

  @Override
  public void handleResponse(String follower, AppendEntriesResponse response) {
    var _ =
        member.decide(
            () ->
                !ended && raft.handleAppendEntriesResponse(follower, response, System.nanoTime()));
  }

  @Override
  public void applyCommitted() {
    applier.applyCommitted();
  }

  @Override
  public void failed(Throwable cause) {
    if (!ended) {
      member.fail("entries cannot be sent to other members", cause);
    }
  }

  /** What this leader knows of its followers. The lock of the member must be held. */
  Map<String, GroupView.Follower> followers() {
    long now = System.nanoTime();
    Map<String, GroupView.Follower> followers = new HashMap<>();
    for (FollowerReplicator replicator : replicators) {
      String name = replicator.follower();
      long silentMs = TimeUnit.NANOSECONDS.toMillis(raft.nanosSinceContact(name, now));
      followers.put(name, new GroupView.Follower(raft.matchIndex(name), silentMs));
    }
    return followers;
  }
}
