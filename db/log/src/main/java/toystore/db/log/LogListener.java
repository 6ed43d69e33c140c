package toystore.db.log;

import org.jspecify.annotations.Nullable;

/** What happens to a member. Called on the log's own threads: do not block. */
public interface LogListener {
  /** This member leads and has applied all that earlier leaders committed. */
  void leading(long term);

  /** This member led and does so no more. */
  void notLeading();

  /** Another member, or this one, is known to lead. */
  void leaderKnown(String leader, long term);

  /** The log cannot go on in this process: halt. */
  void fatal(String what, @Nullable Throwable cause);
}
