package toystore.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node says about itself at {@code GET /status}. Fields that do not apply to its role are
 * null.
 *
 * @param role leader or follower for an order replica, catalog, frontend
 * @param state starting or ready
 * @param leader the leader of its group, or the order leader that a front end uses, if known
 * @param commitIndex Raft index up to which entries are committed, as far as this node knows
 * @param appliedIndex Raft index of the last entry applied here
 * @param orders orders in this replica's log
 * @param hash running hash of the order log, lower-case hex
 * @param missed the orders that this replica obtained from others when it started, in words
 */
public record NodeStatus(
    String node,
    String role,
    String state,
    String cluster,
    @Nullable String leader,
    @Nullable Long term,
    @Nullable Long commitIndex,
    @Nullable Long appliedIndex,
    @Nullable Long orders,
    @Nullable String hash,
    @Nullable String missed,
    @Nullable List<PeerLag> peers,
    long pid,
    double uptimeS) {

  /** How many entries a follower has still to receive, as its leader sees it. */
  public record PeerLag(String node, long lag) {}

  /** Whether it does its work now. */
  public boolean ready() {
    return state.equals("ready");
  }
}
