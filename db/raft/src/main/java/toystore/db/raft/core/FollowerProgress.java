package toystore.db.raft.core;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * What a leader knows of its followers in one term: up to where their logs match its own, and when
 * each of them responded last. Times are in nanoseconds.
 */
final class FollowerProgress {
  private static final class Follower {
    private long matchIndex = -1;
    private long lastContact;

    private Follower(long now) {
      lastContact = now;
    }
  }

  private final Map<String, Follower> followers = new HashMap<>();

  /** Forgets an earlier term. Each follower counts as having responded now. */
  void reset(Collection<String> names, long now) {
    followers.clear();
    names.forEach(name -> followers.put(name, new Follower(now)));
  }

  /** Records that a follower is alive; ignores members that are not followers. */
  void recordContact(String name, long now) {
    Follower follower = followers.get(name);
    if (follower != null) {
      follower.lastContact = now;
    }
  }

  /** Records that a follower's log matches up to this index. The match index never decreases. */
  void recordMatch(String name, long index) {
    Follower follower = followers.get(name);
    if (follower != null) {
      follower.matchIndex = Math.max(follower.matchIndex, index);
    }
  }

  boolean isFollower(String name) {
    return followers.containsKey(name);
  }

  /** Index up to which a follower's log is known to match, or -1. */
  long matchIndex(String name) {
    Follower follower = followers.get(name);
    return follower == null ? -1 : follower.matchIndex;
  }

  long nanosSinceContact(String name, long now) {
    Follower follower = followers.get(name);
    return follower == null ? Long.MAX_VALUE : now - follower.lastContact;
  }

  /** Whether a majority of the group, including the leader, has responded within this time. */
  boolean heardFromMajority(long now, long withinNanos) {
    long heard =
        1 + followers.values().stream().filter(f -> now - f.lastContact <= withinNanos).count();
    return 2 * heard > followers.size() + 1;
  }

  /**
   * The highest index that a majority of the group has.
   *
   * @param ownIndex index up to which the leader's own log is durable
   */
  long majorityIndex(long ownIndex) {
    long[] indexes = new long[followers.size() + 1];
    int i = 0;
    for (Follower follower : followers.values()) {
      indexes[i++] = follower.matchIndex;
    }
    indexes[i] = ownIndex;
    Arrays.sort(indexes);
    return indexes[(indexes.length - 1) / 2];
  }
}
