package toystore.db.raft.transport;

/**
 * A leader's notice that its log no longer holds the entries that a follower needs next. The
 * follower must fetch a state instead.
 *
 * @param firstIndex index of the first entry in the leader's log
 */
public record InstallState(String leader, long term, long firstIndex) {}
