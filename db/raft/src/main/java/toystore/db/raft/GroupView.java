package toystore.db.raft;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.Raft;

/**
 * How one member sees its group at one moment.
 *
 * @param lastLog position of the last entry in the member's own log
 * @param followers the followers by name; empty unless the member leads
 */
record GroupView(
    Raft.Role role,
    long term,
    @Nullable String leader,
    LogPosition lastLog,
    long commitIndex,
    Map<String, Follower> followers) {

  /**
   * What a leader knows of a follower.
   *
   * @param matchIndex index up to which its log is known to match the leader's
   * @param silentMs time since it last responded
   */
  record Follower(long matchIndex, long silentMs) {}
}
