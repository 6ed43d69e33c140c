package toystore.frontend;

import java.lang.System.Logger.Level;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.node.rpc.LeaderClient;

/** Whether a purchase can be made now: both leaders answer. Looked at again and again. */
final class PurchaseReadiness implements AutoCloseable {
  private static final long SOON_MS = 50;
  private static final long LATER_MS = 500;

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
    timer.execute(this::look);
  }

  private void look() {
    boolean found = false;
    try {
      found = catalog.findLeader() && orders.findLeader();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (RuntimeException e) {
      System.getLogger(PurchaseReadiness.class.getName())
          .log(Level.WARNING, "the leaders cannot be asked", e);
    }
    if (found != ready) {
      System.getLogger(PurchaseReadiness.class.getName())
          .log(Level.INFO, found ? "ready: both leaders answer" : "a leader is missing");
    }
    ready = found;
    if (!timer.isShutdown()) {
      timer.schedule(this::look, found ? LATER_MS : SOON_MS, TimeUnit.MILLISECONDS);
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
