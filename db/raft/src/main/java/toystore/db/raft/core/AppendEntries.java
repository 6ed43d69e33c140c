package toystore.db.raft.core;

import java.util.List;
import toystore.db.log.LogPosition;

/**
 * A leader's request to append entries, or a heartbeat if it carries none (Raft §5.3).
 *
 * @param prevLog position of the entry that precedes the first one of this request
 */
public record AppendEntries(
    String leader, long term, LogPosition prevLog, long leaderCommit, List<LogEntry> entries) {}
