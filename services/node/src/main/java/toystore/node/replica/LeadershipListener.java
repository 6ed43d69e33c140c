package toystore.node.replica;

/**
 * Is notified when this member becomes leader or is deposed, on threads of the log. Must not block.
 */
public interface LeadershipListener {
  void leadershipStarted(long term);

  void leadershipEnded();
}
