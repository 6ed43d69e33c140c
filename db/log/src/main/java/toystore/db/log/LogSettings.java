package toystore.db.log;

import java.time.Duration;

/**
 * How a replicated log behaves.
 *
 * @param electionMin shortest silence of the leader after which a follower stands for election
 * @param electionMax longest such silence
 * @param firstElection how long this member waits for a leader at a cold start
 * @param caughtUpFor how long a higher member must have kept up before it is given leadership
 * @param stepDownAfter how long a leader that lost its majority does not stand again, and how long
 *     a process may stand still and still lead
 * @param segmentBytes size of one file of the log
 * @param snapshotEntries after so many entries, what the state has made durable is dropped
 * @param preserveEntries so many entries stay nevertheless, for members a little behind
 */
public record LogSettings(
    Duration electionMin,
    Duration electionMax,
    Duration firstElection,
    Duration caughtUpFor,
    Duration stepDownAfter,
    int segmentBytes,
    int snapshotEntries,
    int preserveEntries) {}
