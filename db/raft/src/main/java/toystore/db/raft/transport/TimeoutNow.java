package toystore.db.raft.transport;

/** A leader wants this member to stand for election at once (Ongaro's thesis §3.10). */
public record TimeoutNow(String leader, long term) {}
