package toystore.db.raft;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Decides when a leader gives way to a higher member: when that one has kept up with the log for a
 * while. "Kept up" compares with what was committed at the last look, since under load a follower
 * is always a few entries behind.
 */
final class LeadershipTransferPolicy {
  private final long neededNanos;
  private final Map<String, Long> keptUpSince = new HashMap<>();
  private long commitAtLastLook = Long.MAX_VALUE;

  LeadershipTransferPolicy(Duration needed) {
    this.neededNanos = needed.toNanos();
  }

  /** Forgets all; called while this member does not lead. */
  void reset() {
    keptUpSince.clear();
    commitAtLastLook = Long.MAX_VALUE;
  }

  /**
   * One look at one higher member.
   *
   * @param match index up to which its log equals the leader's
   * @param silentMs how long ago it answered last
   * @return whether leadership should go to it now
   */
  boolean shouldYieldTo(String peer, long match, long silentMs, long nowNanos) {
    if (match < commitAtLastLook || silentMs > 500) {
      keptUpSince.remove(peer);
      return false;
    }
    long since = keptUpSince.computeIfAbsent(peer, p -> nowNanos);
    return nowNanos - since >= neededNanos;
  }

  /** Ends a look at all members. */
  void looked(long commitIndex) {
    commitAtLastLook = commitIndex;
  }
}
