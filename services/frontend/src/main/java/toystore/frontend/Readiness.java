package toystore.frontend;

import java.lang.System.Logger.Level;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.server.LeaderRoute;

/** Whether a purchase can be made now: both leaders answer. Looked at again and again. */
final class Readiness implements AutoCloseable {
  private static final long SOON_MS = 50;
  private static final long LATER_MS = 500;

  private final LeaderRoute catalog;
  private final LeaderRoute orders;
  private final ScheduledThreadPoolExecutor timer;
  private volatile boolean ready;

  Readiness(LeaderRoute catalog, LeaderRoute orders) {
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
      System.getLogger(Readiness.class.getName())
          .log(Level.WARNING, "the leaders cannot be asked", e);
    }
    if (found != ready) {
      System.getLogger(Readiness.class.getName())
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
