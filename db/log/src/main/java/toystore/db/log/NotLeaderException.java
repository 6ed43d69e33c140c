package toystore.db.log;

import org.jspecify.annotations.Nullable;

/**
 * This member is not the leader, and the command is certainly not in the log. The caller may submit
 * it to the leader.
 */
public final class NotLeaderException extends Exception {
  private static final long serialVersionUID = 1L;

  private final @Nullable String leader;

  public NotLeaderException(@Nullable String leader) {
    super(leader == null ? "no leader is known" : leader + " leads", null, false, false);
    this.leader = leader;
  }

  /** The name of the leader, or null if this member knows none. */
  public @Nullable String leader() {
    return leader;
  }
}
