package toystore.node.replica;

import java.time.Duration;
import java.util.function.Supplier;
import toystore.db.log.LogStatus;
import toystore.db.log.NotLeaderException;

/** Checks for each read that the products which this catalog publishes are current. */
public final class LeaderReadCheck {
  /** Waits for a condition; fails if it does not hold in time. */
  @FunctionalInterface
  public interface Condition {
    void await(Duration timeout) throws InterruptedException;
  }

  private final Supplier<LogStatus> status;
  private final Condition open;
  private final Condition allCommitted;
  private final Duration timeout;

  /**
   * Creates a check.
   *
   * @param status returns the current status of this member
   * @param open waits until this leader may publish products
   * @param allCommitted waits until this member has applied everything that was committed at the
   *     time of the call
   * @param timeout how long to wait for each condition
   */
  LeaderReadCheck(
      Supplier<LogStatus> status, Condition open, Condition allCommitted, Duration timeout) {
    this.status = status;
    this.open = open;
    this.allCommitted = allCommitted;
    this.timeout = timeout;
  }

  /**
   * Returns if a read that follows is linearizable: this member led in one term from the request
   * until it was confirmed as the leader, so no other member published anything in between. A
   * member that was deposed, for example during a long pause, may still have applied everything
   * that was committed, but it has not published what its successor published.
   */
  public void await() throws InterruptedException, NotLeaderException {
    LogStatus before = status.get();
    open.await(timeout);
    allCommitted.await(timeout);
    LogStatus after = status.get();
    if (!before.leads() || !after.leads() || before.term() != after.term()) {
      throw new NotLeaderException(after.leader());
    }
  }
}
