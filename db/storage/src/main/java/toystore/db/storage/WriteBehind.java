package toystore.db.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;

/**
 * Writes applied changes to H2 after the Raft log has made them durable. At a fixed interval, or
 * when enough changes are pending, one transaction writes all pending changes together with the
 * position of the last applied entry. H2 therefore always holds the state after exactly one log
 * entry, and replaying the log from there is safe.
 *
 * <p>The queue is bounded. {@link #append} blocks while the queue is full, which slows down the
 * applying thread and thereby the log (back-pressure). Thread-safe.
 *
 * @param <C> one change of a row
 */
public final class WriteBehind<C> {
  /** Writes changes in order. Called on the writer thread, inside the transaction. */
  @FunctionalInterface
  public interface Sink<C> {
    void write(Connection transaction, List<C> changes) throws SQLException;
  }

  /**
   * When to write.
   *
   * @param interval how long an appended change waits at most before it is written
   * @param batchSize number of pending changes that triggers a write at once
   * @param maxPending number of pending changes at which {@link #append} blocks
   */
  public record FlushPolicy(Duration interval, int batchSize, int maxPending) {}

  private final Database database;
  private final Sink<C> sink;
  private final FlushPolicy policy;
  private final Consumer<LogPosition> onPersisted;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition spaceAvailable = lock.newCondition();
  private List<C> pending = new ArrayList<>();
  private LogPosition last;
  private LogPosition installed = LogPosition.NONE;
  private boolean flushScheduled;
  private boolean immediateFlushQueued;
  private @Nullable Throwable failure;

  private volatile LogPosition persisted;

  /**
   * Starts at the position that the file holds.
   *
   * @param onPersisted called on the writer thread after each commit, with the position that H2 has
   *     reached
   */
  public WriteBehind(
      Database database, Sink<C> sink, FlushPolicy policy, Consumer<LogPosition> onPersisted) {
    this.database = database;
    this.sink = sink;
    this.policy = policy;
    this.onPersisted = onPersisted;
    this.persisted = database.readForLog(LogPositionTable::readApplied);
    this.last = persisted;
  }

  /**
   * Queues the changes of the entry at this position; the list is empty if the entry changes no
   * row. Blocks while the queue is full.
   *
   * @throws StorageException if an earlier write failed
   */
  public void append(LogPosition position, List<C> changes) {
    lock.lock();
    try {
      while (pending.size() >= policy.maxPending() && failure == null) {
        spaceAvailable.awaitUninterruptibly();
      }
      throwIfFailed();
      pending.addAll(changes);
      last = position;
      if (pending.size() >= policy.batchSize()) {
        flushNow();
      } else if (!flushScheduled) {
        flushScheduled = true;
        database
            .writer()
            .schedule(policy.interval().toMillis(), TimeUnit.MILLISECONDS, this::flush);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the queue is at least half full, so that {@link #append} may soon block. */
  public boolean isHalfFull() {
    return pending() >= policy.maxPending() / 2;
  }

  private void throwIfFailed() {
    if (failure != null) {
      throw new StorageException("an earlier write to " + database.file() + " has failed", failure);
    }
  }

  private void flushNow() {
    if (!immediateFlushQueued) {
      immediateFlushQueued = true;
      database.writer().schedule(0, TimeUnit.MILLISECONDS, this::flush);
    }
  }

  /** Writes all pending changes in one transaction. Runs on the writer thread. */
  private void flush() {
    List<C> changes;
    LogPosition position;
    LogPosition installedPosition;
    lock.lock();
    try {
      flushScheduled = false;
      immediateFlushQueued = false;
      changes = pending;
      position = last;
      installedPosition = installed;
      installed = LogPosition.NONE;
      if (position.equals(persisted) && changes.isEmpty()) {
        return;
      }
      pending = new ArrayList<>();
      spaceAvailable.signalAll();
    } finally {
      lock.unlock();
    }
    CompletableFuture<LogPosition> done = new CompletableFuture<>();
    database
        .writer()
        .run(
            connection -> {
              sink.write(connection, changes);
              LogPositionTable.writeApplied(connection, position);
              if (!installedPosition.equals(LogPosition.NONE)) {
                LogPositionTable.writeInstalled(connection, installedPosition);
              }
              return position;
            },
            done);
    done.whenComplete(
        (result, e) -> {
          if (e == null) {
            persisted = position;
            onPersisted.accept(position);
          } else {
            fail(e);
          }
        });
  }

  private void fail(Throwable cause) {
    lock.lock();
    try {
      if (failure == null) {
        failure = cause;
      }
      spaceAvailable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes everything that was appended before this call, and syncs the file. The future holds the
   * position that is durable then, which is at or after the last appended one.
   */
  public CompletableFuture<LogPosition> drain() {
    database.writer().schedule(0, TimeUnit.MILLISECONDS, this::flush);
    // The checkpoint runs after the flush, because both are queued for the same thread.
    return database.checkpoint().thenApply(nothing -> persisted);
  }

  /**
   * Writes changes that were fetched from another replica instead of applied from the log, and
   * syncs the file. Pending and new changes share one transaction. No entry may be applied during
   * this call.
   *
   * @param position the position of the state with these changes. If more parts of that state
   *     follow, pass the current position with each part but the last
   */
  public CompletableFuture<LogPosition> install(LogPosition position, List<C> changes) {
    lock.lock();
    try {
      throwIfFailed();
      pending.addAll(changes);
      if (position.index() > last.index()) {
        last = position;
        installed = position;
      }
    } finally {
      lock.unlock();
    }
    return drain();
  }

  /** The position that H2 has committed. A restart continues from here. */
  public LogPosition persisted() {
    return persisted;
  }

  /** The number of changes that are not yet written. */
  public int pending() {
    lock.lock();
    try {
      return pending.size();
    } finally {
      lock.unlock();
    }
  }
}
