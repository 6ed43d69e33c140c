package toystore.db.raft.transport;

/** A leader's request that a follower start an election at once (Ongaro's thesis §3.10). */
public record TimeoutNow(String leader, long term) {}
