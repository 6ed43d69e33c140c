package toystore.node.replica;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.db.log.ReplicatedLog;

/**
 * Waits in the background until a member has applied everything that was committed when it started.
 */
final class CatchUpMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CatchUpMonitor.class.getName());
  private static final Duration BARRIER_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration RETRY_PAUSE = Duration.ofMillis(20);

  private final ReplicatedLog log;
  private volatile boolean caughtUp;
  private volatile boolean closed;

  CatchUpMonitor(ReplicatedLog log) {
    this.log = log;
  }

  /**
   * Starts to wait.
   *
   * @param onCaughtUp runs once this member has caught up, before {@link #caughtUp} returns true
   */
  void start(Runnable onCaughtUp) {
    Thread.ofVirtual().name("catch-up").start(() -> run(onCaughtUp));
  }

  private void run(Runnable onCaughtUp) {
    try {
      while (!closed) {
        if (passesBarrier()) {
          try {
            onCaughtUp.run();
          } finally {
            caughtUp = true;
          }
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean passesBarrier() throws InterruptedException {
    try {
      log.barrier().get(BARRIER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (ExecutionException e) {
      LOG.log(Level.DEBUG, "no leader confirms the commit index yet", e);
      Thread.sleep(RETRY_PAUSE);
      return false;
    } catch (TimeoutException e) {
      return false;
    }
  }

  /** Whether this member has caught up since it started. */
  boolean caughtUp() {
    return caughtUp;
  }

  @Override
  public void close() {
    closed = true;
  }
}
