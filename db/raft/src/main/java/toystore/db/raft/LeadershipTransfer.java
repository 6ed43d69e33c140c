package toystore.db.raft;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import toystore.db.log.Member;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.transport.RaftClient;
import toystore.db.raft.transport.TimeoutNow;

/** Transfers leadership to another member (Ongaro's thesis §3.10). */
final class LeadershipTransfer {
  private final MemberState member;
  private final Raft raft;
  private final RaftLog log;
  private final RaftClient client;

  LeadershipTransfer(MemberState member, RaftLog log, RaftClient client) {
    this.member = member;
    this.raft = member.raft();
    this.log = log;
    this.client = client;
  }

  /**
   * Waits until a follower has all entries, then asks it to start an election. Submissions are
   * rejected meanwhile. Does nothing if the follower does not catch up within this time.
   */
  void run(LeaderState leader, Member follower, long waitNanos) throws IOException {
    long deadline = System.nanoTime() + waitNanos;
    pauseSubmissions(leader, true);
    try {
      while (!isCaughtUp(leader, follower)
          && leader.isReady()
          && System.nanoTime() - deadline < 0) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      if (isCaughtUp(leader, follower)) {
        client.timeoutNow(follower, new TimeoutNow(member.name(), leader.term()));
      }
    } finally {
      pauseSubmissions(leader, false);
    }
  }

  private void pauseSubmissions(LeaderState leader, boolean paused) {
    var _ =
        member.read(
            () -> {
              leader.pauseSubmissions(paused);
              return paused;
            });
  }

  private boolean isCaughtUp(LeaderState leader, Member follower) {
    return member.read(
        () -> !leader.isEnded() && raft.matchIndex(follower.name()) == log.lastIndex());
  }
}
