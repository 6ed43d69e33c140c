package toystore.node.failure;

import org.jspecify.annotations.Nullable;

/**
 * Only the leader of this node's group can answer, and this node does not lead. HTTP status 421.
 */
public final class MisdirectedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String leader;

  /**
   * Creates a refusal.
   *
   * @param node the node that refuses
   * @param leader the last leader that this node knows
   */
  public MisdirectedException(String node, @Nullable String leader) {
    super(node + " does not lead", null, false, false);
    this.leader = node.equals(leader) ? null : leader;
  }

  /** The last known leader, or null. Never the node that refused. */
  public @Nullable String leader() {
    return leader;
  }
}
