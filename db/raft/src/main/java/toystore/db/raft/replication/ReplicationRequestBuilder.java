package toystore.db.raft.replication;

import java.util.List;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.replication.ReplicationSource.Request;
import toystore.db.raft.transport.InstallState;
import toystore.db.raft.transport.RaftConnection.Kind;
import toystore.db.raft.transport.RaftMessageCodec;

/** Builds the requests of one leader in one term. Not thread-safe. */
public final class ReplicationRequestBuilder {
  private final String leader;
  private final Raft raft;
  private final RaftLog log;

  public ReplicationRequestBuilder(String leader, Raft raft, RaftLog log) {
    this.leader = leader;
    this.raft = raft;
    this.log = log;
  }

  /** See {@link ReplicationSource#nextRequest}. */
  public Request next(long nextIndex, int maxBytes) {
    long base = log.base().index();
    if (nextIndex <= base) {
      InstallState install = new InstallState(leader, raft.term(), base + 1);
      return new Request(Kind.INSTALL_STATE, RaftMessageCodec.encode(install), nextIndex);
    }
    List<LogEntry> entries =
        maxBytes > 0 && nextIndex <= log.lastIndex() ? log.entries(nextIndex, maxBytes) : List.of();
    byte[] message = RaftMessageCodec.encode(raft.appendEntriesFrom(nextIndex, entries));
    return new Request(Kind.APPEND_ENTRIES, message, nextIndex + entries.size());
  }

  /** See {@link ReplicationSource#isLarger}. */
  public boolean isLarger(long index, int bytes) {
    return index > log.base().index() && index <= log.lastIndex() && log.entryBytes(index) > bytes;
  }
}
