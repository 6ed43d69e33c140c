package toystore.db.log;

import java.time.Duration;

/**
 * Settings of a replicated log.
 *
 * @param electionTimeoutMin shortest election timeout (Raft §5.2); each timeout is drawn at random
 * @param electionTimeoutMax longest election timeout; also how long a leader may go without hearing
 *     from a majority before it steps down
 * @param firstElectionTimeout how long this member waits for a leader when it starts
 * @param caughtUpFor how long a member with a higher id must have been caught up before the leader
 *     transfers leadership to it
 * @param stepDownAfter how long a leader that lost its majority waits before it may be a candidate
 *     again. A leader whose process was paused for longer than this, for example because it was
 *     suspended, steps down
 * @param segmentBytes size of one segment file, in bytes
 * @param snapshotEntries number of entries applied between two attempts to drop entries that the
 *     state has made durable
 * @param preserveEntries number of such entries that are kept nevertheless, for members that are a
 *     little behind
 */
public record LogSettings(
    Duration electionTimeoutMin,
    Duration electionTimeoutMax,
    Duration firstElectionTimeout,
    Duration caughtUpFor,
    Duration stepDownAfter,
    int segmentBytes,
    int snapshotEntries,
    int preserveEntries) {}
