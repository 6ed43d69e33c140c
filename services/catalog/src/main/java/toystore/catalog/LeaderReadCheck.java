package toystore.catalog;

import java.time.Duration;
import java.util.function.Supplier;
import toystore.db.log.LogStatus;
import toystore.db.log.NotLeaderException;

/** The proof, for each request anew, that what this catalog shows is current. */
final class LeaderReadCheck {
  /** Something that is waited for, and fails when it takes longer. */
  @FunctionalInterface
  interface Step {
    void await(Duration patience) throws InterruptedException;
  }

  private final Supplier<LogStatus> status;
  private final Step open;
  private final Step allCommitted;
  private final Duration patience;

  /**
   * A proof by these.
   *
   * @param status how this member sees itself now
   * @param open until this leader may show products
   * @param allCommitted until this member has applied all that was committed when it was called
   */
  LeaderReadCheck(Supplier<LogStatus> status, Step open, Step allCommitted, Duration patience) {
    this.status = status;
    this.open = open;
    this.allCommitted = allCommitted;
    this.patience = patience;
  }

  /**
   * Linearizable: this node led from when the request came to a proof that it still does, and shows
   * what is published. One that was deposed meanwhile, having hung perhaps, could prove that it has
   * applied all, but not that it has published what its successor has.
   */
  void await() throws InterruptedException, NotLeaderException {
    LogStatus before = status.get();
    open.await(patience);
    allCommitted.await(patience);
    LogStatus after = status.get();
    if (!before.leads() || !after.leads() || before.term() != after.term()) {
      throw new NotLeaderException(after.leader());
    }
  }
}
