package toystore.db.raft;

import java.util.concurrent.atomic.LongAdder;

/**
 * Detects that a leader commits nothing although commands were submitted, for example because one
 * of its threads has died or its disk hangs. Such a leader still sends heartbeats, so its followers
 * would never elect another one. A leader without a majority is a different case: it steps down by
 * itself.
 */
final class CommitStallDetector {
  private final int maxChecks;
  private final LongAdder submitted = new LongAdder();
  private final LongAdder completed = new LongAdder();
  private long completedAtLastCheck = -1;
  private int checksWithoutProgress;

  /**
   * Creates a detector.
   *
   * @param maxChecks number of consecutive checks without progress that mean a stall. Checks are
   *     counted rather than time, because a process that was suspended is not slow.
   */
  CommitStallDetector(int maxChecks) {
    this.maxChecks = maxChecks;
  }

  void commandSubmitted() {
    submitted.increment();
  }

  /** A command was committed or has failed. */
  void commandCompleted() {
    completed.increment();
  }

  /** Makes one check, always on the same thread; returns whether the leader is stalled. */
  boolean checkStalled() {
    // Read in this order: a submission in between then only looks as if it were waiting.
    long done = completed.sum();
    boolean noProgress = submitted.sum() > done && done == completedAtLastCheck;
    completedAtLastCheck = done;
    checksWithoutProgress = noProgress ? checksWithoutProgress + 1 : 0;
    return checksWithoutProgress >= maxChecks;
  }
}
