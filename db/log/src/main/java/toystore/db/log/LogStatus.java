package toystore.db.log;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The status of one member, as that member knows it.
 *
 * @param leads whether this member is the leader and ready for commands
 * @param leader the name of the leader, or null if this member knows none
 * @param term the current term
 * @param commitIndex the index of the last entry that this member knows to be committed
 * @param appliedIndex the index of the last entry that this member has applied
 * @param lag for each other member's name, how many committed entries it lacks; empty on a follower
 */
public record LogStatus(
    boolean leads,
    @Nullable String leader,
    long term,
    long commitIndex,
    long appliedIndex,
    Map<String, Long> lag) {}
