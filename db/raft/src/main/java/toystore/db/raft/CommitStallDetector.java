package toystore.db.raft;

import java.util.concurrent.atomic.LongAdder;

/**
 * Notices that a leader commits nothing although it is asked to and nobody else may: a thread of
 * its own has died, say, or its disk hangs. It still sends heartbeats, so its followers would bear
 * it for ever. One that has no majority any more steps down by itself and is not meant here.
 */
final class CommitStallDetector {
  private final int patience;
  private final LongAdder asked = new LongAdder();
  private final LongAdder answered = new LongAdder();
  private long answeredAtLastLook = -1;
  private int looksInVain;

  /**
   * A watch that has seen nothing yet.
   *
   * @param patience after so many looks in a row at which something waits and nothing was answered.
   *     Looks and not time: a process that stood still has not been slow.
   */
  CommitStallDetector(int patience) {
    this.patience = patience;
  }

  /** A command was handed to the log. */
  void asked() {
    asked.increment();
  }

  /** A command is committed or has failed. */
  void answered() {
    answered.increment();
  }

  /** One look of one thread; whether it is time to give up. */
  boolean isStalled() {
    // In this order: what is asked in between only makes more seem to wait than does.
    long done = answered.sum();
    boolean inVain = asked.sum() > done && done == answeredAtLastLook;
    answeredAtLastLook = done;
    looksInVain = inVain ? looksInVain + 1 : 0;
    return looksInVain >= patience;
  }
}
