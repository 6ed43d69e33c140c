package toystore.frontend;

import java.lang.System.Logger.Level;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.node.rpc.LeaderClient;

/**
 * Checks periodically whether purchases are possible, which is the case when the leaders of the
 * catalog and of the order replicas answer.
 */
final class PurchaseReadiness implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(PurchaseReadiness.class.getName());
  private static final long INTERVAL_UNTIL_READY_MS = 50;
  private static final long INTERVAL_MS = 500;

  private final LeaderClient catalog;
  private final LeaderClient orders;
  private final ScheduledThreadPoolExecutor timer;
  private volatile boolean ready;

  PurchaseReadiness(LeaderClient catalog, LeaderClient orders) {
    this.catalog = catalog;
    this.orders = orders;
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("readiness").factory());
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    timer.execute(this::check);
  }

  private void check() {
    boolean found = false;
    try {
      found = catalog.findLeader() && orders.findLeader();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "could not search for the leaders", e);
    }
    if (found != ready) {
      LOG.log(Level.INFO, found ? "ready: both leaders answer" : "not ready: a leader is missing");
    }
    ready = found;
    if (!timer.isShutdown()) {
      timer.schedule(
          this::check, found ? INTERVAL_MS : INTERVAL_UNTIL_READY_MS, TimeUnit.MILLISECONDS);
    }
  }

  boolean ready() {
    return ready;
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
