package toystore.node.rpc;

import java.time.Duration;

/** Is notified when a {@link LeaderClient} learns of another leader. Must not block. */
public interface LeaderObserver {
  /** Ignores all notifications. */
  LeaderObserver NONE = new LeaderObserver() {};

  /** Another node than before leads. */
  default void leaderChanged(String leader) {}

  /**
   * A call succeeded at another leader than the previous successful call.
   *
   * @param waited how long this call took, including all its attempts
   */
  default void leaderReached(String leader, Duration waited) {}
}
