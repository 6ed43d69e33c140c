package toystore.db.raft.core;

import java.util.List;
import toystore.db.log.LogPosition;

/** A leader's entries, or none, for a follower (Raft §5.3). */
public record AppendEntries(
    String leader, long term, LogPosition before, long commit, List<LogEntry> entries) {}
