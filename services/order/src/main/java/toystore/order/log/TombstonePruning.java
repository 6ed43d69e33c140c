package toystore.order.log;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.db.log.ReplicatedLog;

/**
 * Prunes tombstones that are older than the retention, 24 times in each retention period, while
 * this replica leads.
 */
public final class TombstonePruning implements AutoCloseable {
  private static final int RUNS_PER_RETENTION = 24;

  private final ReplicatedLog replicated;
  private final OrderProposer proposer;
  private final OrderLog log;
  private final Duration retention;
  private final ScheduledThreadPoolExecutor timer;

  public TombstonePruning(
      ReplicatedLog replicated, OrderLog log, OrderProposer proposer, Duration retention) {
    this.replicated = replicated;
    this.log = log;
    this.proposer = proposer;
    this.retention = retention;
    this.timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("pruning").factory());
    long periodMs = retention.toMillis() / RUNS_PER_RETENTION;
    timer.scheduleWithFixedDelay(this::prune, periodMs, periodMs, TimeUnit.MILLISECONDS);
  }

  private void prune() {
    if (!replicated.leads() || log.tombstones() == 0) {
      return;
    }
    try {
      proposer.prune(proposer.timeMs() - retention.toMillis());
    } catch (Exception e) {
      System.getLogger(TombstonePruning.class.getName())
          .log(Level.INFO, "cannot prune tombstones now, will try again later", e);
    }
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
