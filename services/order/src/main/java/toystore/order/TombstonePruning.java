package toystore.order;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.db.log.ReplicatedLog;

/**
 * While this replica leads, forgets tombstones that are older than the retention, once in a while.
 */
final class TombstonePruning implements AutoCloseable {
  private static final int TIMES_PER_RETENTION = 24;

  private final ReplicatedLog replicated;
  private final PurchaseService purchases;
  private final OrderLog log;
  private final Duration retention;
  private final ScheduledThreadPoolExecutor timer;

  TombstonePruning(
      ReplicatedLog replicated, OrderLog log, PurchaseService purchases, Duration retention) {
    this.replicated = replicated;
    this.log = log;
    this.purchases = purchases;
    this.retention = retention;
    this.timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("pruning").factory());
    long every = retention.toMillis() / TIMES_PER_RETENTION;
    timer.scheduleWithFixedDelay(this::prune, every, every, TimeUnit.MILLISECONDS);
  }

  private void prune() {
    if (!replicated.leads() || log.tombstones() == 0) {
      return;
    }
    try {
      purchases.prune(purchases.timeMs() - retention.toMillis());
    } catch (Exception e) {
      System.getLogger(TombstonePruning.class.getName()).log(Level.INFO, "pruning is put off", e);
    }
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
