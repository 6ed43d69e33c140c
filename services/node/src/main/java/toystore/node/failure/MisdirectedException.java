package toystore.node.failure;

import org.jspecify.annotations.Nullable;

/** Only the leader of this node's group can answer, and this node is not it: 421. */
public final class MisdirectedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String leader;

  /**
   * A refusal of this node.
   *
   * @param leader who leads, as far as this node knows
   */
  public MisdirectedException(String node, @Nullable String leader) {
    super(node + " does not lead", null, false, false);
    this.leader = node.equals(leader) ? null : leader;
  }

  /** Who leads, as far as is known; never the node that refused. */
  public @Nullable String leader() {
    return leader;
  }
}
