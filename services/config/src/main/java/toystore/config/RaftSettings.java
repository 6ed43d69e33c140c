package toystore.config;

import static toystore.config.ConfigException.require;

import java.time.Duration;

/** The section {@code raft}: elections and the size of the log. */
public record RaftSettings(
    Duration electionTimeoutMin,
    Duration electionTimeoutMax,
    Duration firstElectionStep,
    Duration caughtUpFor,
    Duration stepDownAfter,
    int segmentBytes,
    int snapshotEntries,
    int preserveEntries) {
  public RaftSettings {
    require(electionTimeoutMin.toMillis() >= 50, "raft.election-timeout-min must be at least 50ms");
    require(
        electionTimeoutMin.compareTo(electionTimeoutMax) < 0,
        "raft.election-timeout-max must be longer than raft.election-timeout-min");
    require(stepDownAfter.toMillis() > 0, "raft.step-down-after must be at least 1ms");
    require(segmentBytes >= 1 << 20, "raft.segment-bytes must be at least 1048576");
    require(snapshotEntries > 0, "raft.snapshot-entries must be at least 1");
    require(preserveEntries >= 0, "raft.preserve-entries must not be negative");
  }
}
