package toystore.db.raft.transport;

/** A leader's log begins only with this entry: what lies before has to be got otherwise. */
public record InstallState(String leader, long term, long first) {}
