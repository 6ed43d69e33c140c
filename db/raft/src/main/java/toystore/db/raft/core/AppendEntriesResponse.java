package toystore.db.raft.core;

/**
 * The response to {@link AppendEntries}.
 *
 * @param term the follower's current term
 * @param success whether the follower's log agrees with the leader's up to {@code matchIndex}, and
 *     is durable up to there
 * @param matchIndex without success, the highest index at which the two logs may still agree
 */
public record AppendEntriesResponse(long term, boolean success, long matchIndex) {}
