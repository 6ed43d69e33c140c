package toystore.db.raft;

import java.util.List;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;

/** The entries that this member may apply: they are committed, and durable in its own log. */
final class CommittedLog {
  /** Bytes of entries that are read at a time. */
  private static final int BATCH_BYTES = 256 << 10;

  private final MemberState member;
  private final Raft raft;
  private final RaftLog log;

  CommittedLog(MemberState member, RaftLog log) {
    this.member = member;
    this.raft = member.raft();
    this.log = log;
  }

  boolean contains(long index) {
    return member.read(() -> lastIndex() >= index);
  }

  /** The next entries from this index on; none if a state was installed that contains them. */
  List<LogEntry> entriesFrom(long index) {
    return member.read(
        () -> {
          long last = lastIndex();
          return index > last || index <= log.base().index()
              ? List.of()
              : log.entries(index, BATCH_BYTES).stream().filter(e -> e.index() <= last).toList();
        });
  }

  private long lastIndex() {
    return Math.min(raft.commitIndex(), log.syncedIndex());
  }

  /** Drops entries up to this index, which the replicated state has made durable. */
  void purge(long upToIndex) {
    member.update(
        () -> {
          if (member.isUsable()) {
            log.purge(Math.min(upToIndex, raft.commitIndex()));
          }
        });
  }
}
