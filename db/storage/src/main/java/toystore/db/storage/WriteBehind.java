package toystore.db.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
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
 * Carries applied changes into H2 behind the Raft log: all that was applied since goes into one
 * transaction, together with the position of the last entry, at a fixed interval or when enough
 * rows wait. So H2 always is the state after exactly one log entry, and replaying the log from
 * there is harmless.
 *
 * <p>The queue is bounded: {@link #append} waits for room, which slows the applying thread and with
 * it the log.
 *
 * @param <C> one change of a row
 */
public final class WriteBehind<C> {
  /** Writes changes in order; called on the writer thread within the transaction. */
  @FunctionalInterface
  public interface Sink<C> {
    void write(Connection transaction, List<C> changes) throws SQLException;
  }

  /** When to write: this often, at so many rows, and how many may wait at most. */
  public record Pace(Duration interval, int rows, int maxPending) {}

  private final Database database;
  private final Sink<C> sink;
  private final Pace pace;
  private final Consumer<LogPosition> onPersisted;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private List<C> pending = new ArrayList<>();
  private LogPosition last;
  private LogPosition installed = LogPosition.NONE;
  private boolean scheduled;
  private boolean hurried;
  private @Nullable Throwable failure;

  private volatile LogPosition persisted;

  /**
   * Continues from where the file is.
   *
   * @param onPersisted told on the writer thread after each commit which position H2 has reached
   */
  public WriteBehind(
      Database database, Sink<C> sink, Pace pace, Consumer<LogPosition> onPersisted) {
    this.database = database;
    this.sink = sink;
    this.pace = pace;
    this.onPersisted = onPersisted;
    this.persisted = database.readForLog(WriteBehind::readPosition);
    this.last = persisted;
  }

  /** Rows of the table {@code log_position}. */
  private static final int APPLIED = 0;

  private static final int INSTALLED = 1;

  /** The position of the last entry whose changes the file holds. */
  public static LogPosition readPosition(Connection connection) throws SQLException {
    return readPosition(connection, APPLIED);
  }

  /**
   * The position of the last state that did not come through the log but from another replica. Only
   * up to there may the file be ahead of its node's log.
   */
  public static LogPosition readInstalled(Connection connection) throws SQLException {
    return readPosition(connection, INSTALLED);
  }

  private static LogPosition readPosition(Connection connection, int id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT term, index FROM log_position WHERE id = ?")) {
      select.setInt(1, id);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? new LogPosition(rows.getLong(1), rows.getLong(2)) : LogPosition.NONE;
      }
    }
  }

  private static void writePosition(Connection connection, int id, LogPosition position)
      throws SQLException {
    try (PreparedStatement merge =
        connection.prepareStatement("MERGE INTO log_position KEY(id) VALUES (?, ?, ?)")) {
      merge.setInt(1, id);
      merge.setLong(2, position.term());
      merge.setLong(3, position.index());
      merge.executeUpdate();
    }
  }

  /**
   * Takes the changes of the entry at this position, none for an entry that changes no row. Blocks
   * while too much waits.
   *
   * @throws StorageException if an earlier write failed
   */
  public void append(LogPosition position, List<C> changes) {
    lock.lock();
    try {
      while (pending.size() >= pace.maxPending() && failure == null) {
        room.awaitUninterruptibly();
      }
      checkAlive();
      pending.addAll(changes);
      last = position;
      if (pending.size() >= pace.rows()) {
        hurry();
      } else if (!scheduled) {
        scheduled = true;
        database.onWriterAfter(pace.interval().toMillis(), TimeUnit.MILLISECONDS, this::flush);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether so much waits that {@link #append} may soon block. */
  public boolean isCrowded() {
    return pending() >= pace.maxPending() / 2;
  }

  private void checkAlive() {
    if (failure != null) {
      throw new StorageException("the writer of " + database.file() + " has failed", failure);
    }
  }

  private void hurry() {
    if (!hurried) {
      hurried = true;
      database.onWriterAfter(0, TimeUnit.MILLISECONDS, this::flush);
    }
  }

  /** Runs on the writer thread: one transaction for all that waits. */
  private void flush() {
    List<C> changes;
    LogPosition position;
    LogPosition fromOther;
    lock.lock();
    try {
      scheduled = false;
      hurried = false;
      changes = pending;
      position = last;
      fromOther = installed;
      installed = LogPosition.NONE;
      if (position.equals(persisted) && changes.isEmpty()) {
        return;
      }
      pending = new ArrayList<>();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    CompletableFuture<LogPosition> done = new CompletableFuture<>();
    database.runWrite(
        connection -> {
          sink.write(connection, changes);
          writePosition(connection, APPLIED, position);
          if (!fromOther.equals(LogPosition.NONE)) {
            writePosition(connection, INSTALLED, fromOther);
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
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes all that was appended before this call and syncs the file. The future gives the position
   * that has reached the disk: at least the last one appended.
   */
  public CompletableFuture<LogPosition> drain() {
    database.onWriterAfter(0, TimeUnit.MILLISECONDS, this::flush);
    // The checkpoint queues behind the flush on the same thread.
    return database.checkpoint().thenApply(nothing -> persisted);
  }

  /**
   * Puts changes in that did not come through the log but from another replica, as of this
   * position: one transaction, synced. Nothing may be applied meanwhile. Changes that are part of
   * more to come are given with the position as it was.
   */
  public CompletableFuture<LogPosition> install(LogPosition position, List<C> changes) {
    lock.lock();
    try {
      checkAlive();
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

  /** The position that H2 has committed; what a restart would continue from. */
  public LogPosition persisted() {
    return persisted;
  }

  /** How many changes wait to be written. */
  public int pending() {
    lock.lock();
    try {
      return pending.size();
    } finally {
      lock.unlock();
    }
  }
}
