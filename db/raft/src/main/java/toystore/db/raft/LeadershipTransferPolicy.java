package toystore.db.raft;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Decides when a leader transfers leadership to a higher member: once that member has kept up with
 * the log for some time. A member keeps up if its log contains everything that was committed at the
 * previous check. A comparison with the end of the log would not do: under load, a follower is
 * always a few entries behind.
 */
final class LeadershipTransferPolicy {
  private static final long MAX_SILENT_MS = 500;

  private final long requiredNanos;
  private final Map<String, Long> keptUpSince = new HashMap<>();
  private long previousCommitIndex = Long.MAX_VALUE;

  /**
   * Creates a policy.
   *
   * @param required how long a member must have kept up
   */
  LeadershipTransferPolicy(Duration required) {
    this.requiredNanos = required.toNanos();
  }

  /** Forgets all earlier checks. To be called while this member does not lead. */
  void reset() {
    keptUpSince.clear();
    previousCommitIndex = Long.MAX_VALUE;
  }

  /**
   * Checks one higher member.
   *
   * @param matchIndex index up to which its log matches the leader's
   * @param silentMs time since it last responded
   * @return whether leadership should be transferred to it now
   */
  boolean shouldTransferTo(String member, long matchIndex, long silentMs, long nowNanos) {
    if (matchIndex < previousCommitIndex || silentMs > MAX_SILENT_MS) {
      keptUpSince.remove(member);
      return false;
    }
    long since = keptUpSince.computeIfAbsent(member, m -> nowNanos);
    return nowNanos - since >= requiredNanos;
  }

  /** Completes the check of all members with a higher id. */
  void checkFinished(long commitIndex) {
    previousCommitIndex = commitIndex;
  }
}
