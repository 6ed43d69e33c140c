package toystore.db.raft.transport;

/** What a member knows when it is asked for its commit index; only a leader's word counts. */
public record CommitIndexResponse(long term, boolean leads, long commit) {}
