package toystore.db.raft.transport;

/**
 * The response to a request for the commit index. The commit index is up to date only if the member
 * leads.
 */
public record CommitIndexResponse(long term, boolean leads, long commitIndex) {}
