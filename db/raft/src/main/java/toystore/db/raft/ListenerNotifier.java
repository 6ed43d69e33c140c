package toystore.db.raft;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogListener;

/**
 * Calls foreign code in order, on a thread of its own that holds no lock of this package. The
 * thread ends when it is idle and is started again when needed.
 */
final class ListenerNotifier {
  private final LogListener listener;
  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          1,
          1,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("raft-events").factory());

  ListenerNotifier(LogListener listener) {
    this.listener = listener;
    executor.allowCoreThreadTimeOut(true);
  }

  void leaderChanged(String leader, long term) {
    execute(() -> listener.leaderChanged(leader, term));
  }

  void leadershipStarted(long term) {
    execute(() -> listener.leadershipStarted(term));
  }

  void leadershipEnded() {
    execute(listener::leadershipEnded);
  }

  /** Runs a task after all earlier ones. */
  void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      // The member is closed, but the caller of a submission still waits for its outcome.
      task.run();
    }
  }

  /** Reports a fatal error at once, because earlier tasks may be slow. */
  void fatal(String what, @Nullable Throwable cause) {
    try {
      Thread.ofPlatform().daemon().name("raft-fatal").start(() -> listener.fatal(what, cause));
    } catch (OutOfMemoryError e) {
      // No thread can be started, but the error must be reported.
      listener.fatal(what, cause);
    }
  }

  void close() {
    executor.shutdown();
  }
}
