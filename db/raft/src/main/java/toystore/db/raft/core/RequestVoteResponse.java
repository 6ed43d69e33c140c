package toystore.db.raft.core;

import toystore.db.log.LogPosition;

/**
 * The answer to a {@link RequestVote}.
 *
 * @param last the last entry of the voter's log
 */
public record RequestVoteResponse(long term, boolean granted, LogPosition last) {}
