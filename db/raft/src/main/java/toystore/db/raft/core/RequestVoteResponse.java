package toystore.db.raft.core;

import toystore.db.log.LogPosition;

/**
 * The response to a {@link RequestVote}.
 *
 * @param lastLog position of the last entry in the voter's log
 */
public record RequestVoteResponse(long term, boolean voteGranted, LogPosition lastLog) {}
