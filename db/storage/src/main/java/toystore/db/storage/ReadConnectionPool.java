package toystore.db.storage;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections that read an H2 file: a pool, and one connection that is reserved for the thread
 * that applies the log. Both are opened when they are first used, so that a start does not wait for
 * them. Thread-safe.
 */
final class ReadConnectionPool {
  private static final long CLOSE_SECONDS = 2;

  private final H2File file;
  private final int poolSize;
  private final FirstFailure failure;

  /** Readers of the pool hold the read lock. {@link #close} takes the write lock. */
  private final ReentrantReadWriteLock poolUse = new ReentrantReadWriteLock();

  private final Object poolLock = new Object();
  private volatile @Nullable HikariDataSource pool;

  private final Object reservedLock = new Object();
  private @Nullable Connection reserved;

  /** Once true, no connection may be opened: H2 would open the file again. */
  private volatile boolean closed;

  ReadConnectionPool(H2File file, int poolSize, FirstFailure failure) {
    this.file = file;
    this.poolSize = poolSize;
    this.failure = failure;
  }

  /** Runs a query on a connection of the pool. */
  <T> T read(DatabaseWork<T> query) {
    poolUse.readLock().lock();
    try (Connection connection = pool().getConnection()) {
      return query.run(connection);
    } catch (SQLException e) {
      throw readFailure(e);
    } finally {
      poolUse.readLock().unlock();
    }
  }

  /** Runs a query on the reserved connection, one at a time. */
  <T> T readReserved(DatabaseWork<T> query) {
    synchronized (reservedLock) {
      try {
        Connection connection = reserved;
        if (closed) {
          throw new SQLException("closed");
        }
        if (connection == null) {
          connection = file.connect();
          connection.setReadOnly(true);
          reserved = connection;
        }
        return query.run(connection);
      } catch (SQLException e) {
        throw readFailure(e);
      }
    }
  }

  private StorageException readFailure(SQLException e) {
    // Once the database is being closed, the error of a query says nothing about the file.
    StorageException exception =
        file.exception("cannot read", e, !closed && DamageClassifier.isDamage(e));
    // Damage is fatal even if only one query has met it so far: other queries will meet it later.
    if (exception instanceof DamagedFileException) {
      failure.report(exception);
    }
    return exception;
  }

  private HikariDataSource pool() throws SQLException {
    HikariDataSource current = pool;
    if (current != null && !closed) {
      return current;
    }
    synchronized (poolLock) {
      if (closed) {
        throw new SQLException("closed");
      }
      current = pool;
      if (current == null) {
        current = openPool();
        pool = current;
      }
      return current;
    }
  }

  private HikariDataSource openPool() {
    HikariConfig config = new HikariConfig();
    config.setPoolName("h2-read");
    config.setJdbcUrl(file.url());
    config.setUsername(H2File.USER);
    config.setPassword(H2File.PASSWORD);
    config.setReadOnly(true);
    config.setMaximumPoolSize(poolSize);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(5_000);
    // Do not connect here: getConnection() reports the cause as an SQLException.
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  /** Waits up to 2 s for running queries of the pool, then closes all connections. */
  void close() {
    closeReserved();
    boolean locked = awaitPoolReaders();
    try {
      synchronized (poolLock) {
        HikariDataSource opened = pool;
        if (opened != null) {
          opened.close();
        }
      }
    } finally {
      if (locked) {
        poolUse.writeLock().unlock();
      }
    }
  }

  private void closeReserved() {
    synchronized (reservedLock) {
      closed = true;
      Connection connection = reserved;
      reserved = null;
      try {
        // H2 would record an unclosed connection in the trace file of the next database that is
        // opened at this path.
        if (connection != null) {
          connection.close();
        }
      } catch (SQLException e) {
        System.getLogger(ReadConnectionPool.class.getName())
            .log(System.Logger.Level.WARNING, "cannot close a connection to " + file.name(), e);
      }
    }
  }

  /**
   * The pool closes without waiting for connections in use, and H2 would shut down under a running
   * query. A query that takes longer than 2 s fails.
   *
   * @return whether this thread now holds the write lock
   */
  private boolean awaitPoolReaders() {
    try {
      return poolUse.writeLock().tryLock(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
