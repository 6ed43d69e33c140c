package toystore.db.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The one platform thread that writes an H2 file. Every COMMIT, CHECKPOINT and compaction of the
 * file runs on it.
 *
 * <p>No code interrupts this thread. The first exception in a transaction is fatal: it is reported
 * once, and every later transaction fails without being executed.
 */
final class WriterThread {
  private static final long CLOSE_SECONDS = 20;

  private final H2File file;
  private final ScheduledThreadPoolExecutor executor;
  private final Connection connection;
  private final FirstFailure failure;

  /** Accessed by the writer thread only. Transactions that run later are not executed. */
  private boolean closed;

  private WriterThread(
      H2File file,
      ScheduledThreadPoolExecutor executor,
      Connection connection,
      FirstFailure failure) {
    this.file = file;
    this.executor = executor;
    this.connection = connection;
    this.failure = failure;
  }

  /**
   * Starts the thread, and opens and migrates the file on it.
   *
   * @throws DamagedFileException if the file is damaged
   * @throws StorageException if the file cannot be opened for another reason
   */
  static WriterThread open(H2File file, Migrations migrations, FirstFailure failure) {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("h2-writer-" + file.path().getFileName()).factory());
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    try {
      Connection connection = executor.submit(() -> file.openForWriting(migrations)).get();
      return new WriterThread(file, executor, connection, failure);
    } catch (ExecutionException e) {
      executor.shutdown();
      throw file.exception("cannot open", e, DamageClassifier.isDamageAtOpening(e));
    } catch (InterruptedException e) {
      executor.shutdown();
      Thread.currentThread().interrupt();
      throw new StorageException("interrupted while opening " + file.path(), e);
    }
  }

  /**
   * Queues one transaction. The future completes after the commit, or exceptionally with the
   * failure.
   */
  <T> CompletableFuture<T> submit(DatabaseWork<T> transaction) {
    CompletableFuture<T> done = new CompletableFuture<>();
    executor.execute(() -> run(transaction, done));
    return done;
  }

  /** Runs a task on this thread after the delay. The task writes through {@link #run}. */
  void schedule(long delay, TimeUnit unit, Runnable task) {
    executor.schedule(task, delay, unit);
  }

  /**
   * Runs one transaction; call it on this thread only. After {@link #close} the transaction fails,
   * but that failure is not fatal: the Raft log still holds the changes.
   */
  <T> void run(DatabaseWork<T> transaction, CompletableFuture<T> done) {
    if (closed) {
      done.completeExceptionally(new StorageException(file.name() + " is closed"));
      return;
    }
    if (failure.isReported()) {
      done.completeExceptionally(
          new StorageException("an earlier access to " + file.name() + " has failed"));
      return;
    }
    T result;
    try {
      result = transaction.run(connection);
      connection.commit();
    } catch (SQLException | RuntimeException | Error e) {
      try {
        connection.rollback();
      } catch (SQLException rollback) {
        e.addSuppressed(rollback);
      }
      try {
        failure.report(e);
      } finally {
        done.completeExceptionally(e);
      }
      return;
    }
    done.complete(result);
  }

  /**
   * Runs the transactions that are already queued, syncs, and closes the file. Waits at most 20 s.
   * After that the file is left open, which is as safe as a crash.
   */
  void close() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    executor.execute(
        () -> {
          try {
            closeFile();
            done.complete(null);
          } catch (SQLException | RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        });
    executor.shutdown();
    try {
      done.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      System.getLogger(WriterThread.class.getName())
          .log(
              System.Logger.Level.WARNING,
              file.name() + " was not closed cleanly, which is as safe as a crash",
              e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeFile() throws SQLException {
    closed = true;
    try (connection;
        Statement statement = connection.createStatement()) {
      try {
        if (!failure.isReported()) {
          statement.execute("CHECKPOINT SYNC");
        }
      } finally {
        // Without it the database stays open in this JVM, and the next connection to the same path
        // would get it.
        statement.execute("SHUTDOWN IMMEDIATELY");
      }
    }
  }
}
