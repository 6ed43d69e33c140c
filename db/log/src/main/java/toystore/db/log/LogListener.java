package toystore.db.log;

import org.jspecify.annotations.Nullable;

/** Receives the events of one member. Called on the log's own threads: must not block. */
public interface LogListener {
  /** This member leads in this term, and has applied every entry that earlier leaders committed. */
  void leadershipStarted(long term);

  /** This member has stopped being the leader. */
  void leadershipEnded();

  /**
   * This member has learned which member leads in this term.
   *
   * @param leader the name of the leader, which may be this member
   */
  void leaderChanged(String leader, long term);

  /** The log cannot continue in this process. The receiver halts the process. */
  void fatal(String message, @Nullable Throwable cause);
}
