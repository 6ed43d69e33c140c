package toystore.db.raft.core;

/**
 * What a follower says to that.
 *
 * @param term its own
 * @param taken whether its log agrees with the leader's up to the index, durably
 * @param index where not, the last one at which it may
 */
public record AppendEntriesResponse(long term, boolean taken, long index) {}
