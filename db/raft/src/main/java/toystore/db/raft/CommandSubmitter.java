package toystore.db.raft;

import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;

/** Submits commands to this leader's log, replicates them and syncs the log. */
final class CommandSubmitter {
  private final MemberState member;
  private final Raft raft;
  private final RaftLog log;
  private final Applier applier;

  CommandSubmitter(MemberState member, RaftLog log, Applier applier) {
    this.member = member;
    this.raft = member.raft();
    this.log = log;
    this.applier = applier;
  }

  /** See {@link ReplicatedLog#submit}. Returns once the entry is durable in this member's log. */
  CompletableFuture<ReplicatedLog.Applied> submit(byte[] command) {
    LeaderState leader = member.leaderState();
    CompletableFuture<ReplicatedLog.Applied> submission;
    try {
      submission = leader == null ? null : member.propose(leader, command);
    } catch (UncheckedIOException e) {
      return CompletableFuture.failedFuture(
          new IndeterminateException("the entry may or may not be in the log", e));
    }
    if (leader == null || submission == null) {
      return CompletableFuture.failedFuture(new NotLeaderException(otherLeader()));
    }
    replicate(leader);
    return submission;
  }

  private @Nullable String otherLeader() {
    String leader = member.read(raft::leader);
    return member.name().equals(leader) ? null : leader;
  }

  /** Sends the entries that were appended to the log, syncs the log and applies what commits. */
  void replicate(LeaderState leader) {
    leader.entriesAppended();
    try {
      var _ = log.sync();
      // Read the synced index again: the log may have been truncated since the sync.
      member.update(() -> raft.logSynced(log.syncedIndex()));
      applier.applyCommitted();
    } catch (UncheckedIOException e) {
      member.fail(e);
    }
  }
}
