package toystore.client;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** Ends waits whose deadline has passed, on one thread that sleeps while nothing waits. */
final class OverdueWaits {
  private static final System.Logger LOG = System.getLogger(Deadline.class.getName());
  private static final long CHECK_INTERVAL_MS = 20;
  private static final Set<Wait<?>> WAITS = ConcurrentHashMap.newKeySet();

  private static volatile boolean parked;
  private static final Thread THREAD =
      Thread.ofPlatform().daemon().name("overdue").start(OverdueWaits::run);

  private OverdueWaits() {}

  static <T> T await(CompletableFuture<T> future, Deadline deadline)
      throws InterruptedException, ExecutionException, TimeoutException {
    Wait<T> wait = new Wait<>(deadline, future.copy());
    WAITS.add(wait);
    if (parked) {
      LockSupport.unpark(THREAD);
    }
    try {
      return wait.future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DeadlinePassed) {
        throw new TimeoutException("the deadline passed");
      }
      throw e;
    } finally {
      WAITS.remove(wait);
    }
  }

  /** One wait. A class and not a record, because two waits are never equal. */
  private static final class Wait<T> {
    private final Deadline deadline;
    private final CompletableFuture<T> future;

    Wait(Deadline deadline, CompletableFuture<T> future) {
      this.deadline = deadline;
      this.future = future;
    }

    void endIfOverdue() {
      if (deadline.passed()) {
        future.completeExceptionally(new DeadlinePassed());
      }
    }
  }

  private static final class DeadlinePassed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeadlinePassed() {
      super("the deadline passed", null, false, false);
    }
  }

  /** Catches every exception: without this thread, waits would never end. */
  private static void endOverdue() {
    try {
      WAITS.forEach(Wait::endIfOverdue);
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.WARNING, "cannot end overdue waits; will retry", e);
    }
  }

  private static void run() {
    try {
      while (true) {
        endOverdue();
        if (WAITS.isEmpty()) {
          parked = true;
          // Check again after setting the flag. A thread that adds a wait either adds it before
          // this check, or sees the flag and unparks this thread.
          if (WAITS.isEmpty()) {
            LockSupport.park();
          }
          parked = false;
        }
        Thread.sleep(CHECK_INTERVAL_MS);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("no code interrupts this thread", e);
    }
  }
}
