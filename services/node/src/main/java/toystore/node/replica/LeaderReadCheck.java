package toystore.node.replica;

import java.time.Duration;
import java.util.function.Supplier;
import toystore.db.log.LogStatus;
import toystore.db.log.NotLeaderException;

/**
 * Makes reads of data that change linearizable: it confirms for each read that this member leads.
 */
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
   * @param open waits until the service of this leader may publish its data
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
   * Returns if a read that follows is linearizable: this member led in one term from the beginning
   * of this call until it was confirmed as the leader. So no other member has published anything in
   * between. A member that was deposed, for example during a long pause, may have applied
   * everything that was committed, but it has not published what its successor published.
   *
   * @throws NotLeaderException if this member does not lead, or did not lead during the whole call
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
