package toystore.client;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** The moment by which a whole operation has to end, retries included, on the monotonic clock. */
public record Deadline(long nanoTime) {
  public static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /** What is left, never negative. */
  public Duration left() {
    return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
  }

  public boolean passed() {
    return nanoTime - System.nanoTime() <= 0;
  }

  /**
   * What the future gives, if it does so in time; a little later is still in time.
   *
   * <p>A virtual thread that waits with a time limit makes the JVM set a timer and take it back,
   * which costs two changes of thread; a purchase waits at four places. So these waits have no time
   * limit of their own: one thread ends those that are overdue.
   */
  public <T> T await(CompletableFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (future.isDone()) {
      return future.get();
    }
    Wait<T> wait = new Wait<>(this, future.copy());
    Overdue.WAITS.add(wait);
    Overdue.watch();
    try {
      return wait.future().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Passed) {
        throw new TimeoutException("the deadline passed");
      }
      throw e;
    } finally {
      Overdue.WAITS.remove(wait);
    }
  }

  /** By identity: each wait is one of its own. */
  private static final class Wait<T> {
    private final Deadline deadline;
    private final CompletableFuture<T> future;

    Wait(Deadline deadline, CompletableFuture<T> future) {
      this.deadline = deadline;
      this.future = future;
    }

    CompletableFuture<T> future() {
      return future;
    }

    void endIfOverdue() {
      if (deadline.passed()) {
        future.completeExceptionally(new Passed());
      }
    }
  }

  private static final class Passed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Passed() {
      super("the deadline passed", null, false, false);
    }
  }

  /** The one thread; at rest while nobody waits. */
  private static final class Overdue {
    private static final System.Logger LOG = System.getLogger(Deadline.class.getName());
    private static final long EVERY_MS = 20;
    static final Set<Wait<?>> WAITS = ConcurrentHashMap.newKeySet();

    private static volatile boolean resting;
    private static final Thread THREAD =
        Thread.ofPlatform().daemon().name("overdue").start(Overdue::run);

    /** To be called after a wait was added. */
    static void watch() {
      if (resting) {
        LockSupport.unpark(THREAD);
      }
    }

    /** Whatever happens: without this thread, waits would never end. */
    private static void endOverdue() {
      try {
        WAITS.forEach(Wait::endIfOverdue);
      } catch (RuntimeException | Error e) {
        LOG.log(System.Logger.Level.WARNING, "waits that are overdue go on a little", e);
      }
    }

    private static void run() {
      try {
        while (true) {
          endOverdue();
          if (WAITS.isEmpty()) {
            resting = true;
            // Looked at again after the flag: who adds a wait now sees it, or is seen.
            if (WAITS.isEmpty()) {
              LockSupport.park();
            }
            resting = false;
          }
          Thread.sleep(EVERY_MS);
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException("nobody interrupts this thread", e);
      }
    }
  }
}
