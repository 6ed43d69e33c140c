package toystore.db.log;

import org.jspecify.annotations.Nullable;

/** The command was not put into the log, since this member does not lead. Another may. */
public final class NotLeaderException extends Exception {
  private static final long serialVersionUID = 1L;

  private final @Nullable String leader;

  public NotLeaderException(@Nullable String leader) {
    super(leader == null ? "no leader is known" : leader + " leads", null, false, false);
    this.leader = leader;
  }

  /** The member that leads, as far as this one knows. */
  public @Nullable String leader() {
    return leader;
  }
}
