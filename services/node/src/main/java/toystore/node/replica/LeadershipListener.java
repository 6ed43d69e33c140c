package toystore.node.replica;

/** Is notified when this member starts or stops leading, on threads of the log. Must not block. */
public interface LeadershipListener {
  void leadershipStarted(long term);

  void leadershipEnded();
}
