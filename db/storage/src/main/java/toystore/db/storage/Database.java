package toystore.db.storage;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.h2.engine.Constants;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;

/**
 * One H2 file, written by one platform thread and read through a small pool. Thread-safe.
 *
 * <p>Every COMMIT, CHECKPOINT and compaction runs on the writer thread. H2 writes a file map by map
 * while transactions run. With {@code WRITE_DELAY=0} and a single writer it writes only at a
 * commit, so a crash cannot tear one commit across two tables ({@code TornCommitTest}).
 *
 * <p>Any exception on the writer thread is fatal: {@code onFatal} is called once, and the process
 * is expected to halt. A restarted replica is correct; one that continues after a failed write may
 * not be.
 */
public final class Database implements AutoCloseable {
  /** H2 appends this suffix to the name of a file. */
  public static final String FILE_SUFFIX = H2File.SUFFIX;

  private static final int TARGET_FILL_PERCENT = 60;

  private final H2File file;
  private final WriterThread writer;
  private final ReadConnectionPool readers;

  private Database(H2File file, WriterThread writer, ReadConnectionPool readers) {
    this.file = file;
    this.writer = writer;
    this.readers = readers;
  }

  /**
   * Sizes of one database.
   *
   * @param cacheKb size of H2's page cache in KiB
   * @param readConnections maximum number of connections in the read pool
   */
  public record Sizes(int cacheKb, int readConnections) {}

  /**
   * Opens the file, creates it if it does not exist, and brings its schema up to date.
   *
   * @param file path without H2's suffix {@code .mv.db}
   * @param onFatal called once, with the first write that fails or the first damage that a read
   *     finds
   * @throws DamagedFileException if the file is damaged
   * @throws StorageException if the file is in use, not accessible, or has a newer schema version
   */
  public static Database open(
      Path file, Migrations migrations, Sizes sizes, Consumer<Throwable> onFatal) {
    H2File h2 = H2File.at(file, sizes.cacheKb());
    FirstFailure failure = new FirstFailure(onFatal);
    WriterThread writer = WriterThread.open(h2, migrations, failure);
    return new Database(h2, writer, new ReadConnectionPool(h2, sizes.readConnections(), failure));
  }

  /** Whether a failed statement shows that the file itself is damaged. */
  public static boolean isDamage(Throwable failure) {
    return DamageClassifier.isDamage(failure);
  }

  /** The path of the file, without H2's suffix. */
  public Path file() {
    return file.path();
  }

  /** The thread that runs every transaction. */
  WriterThread writer() {
    return writer;
  }

  /**
   * Runs one transaction on the writer thread. The future completes after the commit, or
   * exceptionally with the failure, which is fatal to the database.
   */
  public <T> CompletableFuture<T> write(DatabaseWork<T> transaction) {
    return writer.submit(transaction);
  }

  /**
   * Runs a read-only query on a pooled connection. Each statement sees what was committed when it
   * began.
   *
   * @throws DamagedFileException if the file is damaged
   * @throws StorageException if the query fails
   */
  public <T> T read(DatabaseWork<T> query) {
    return readers.read(query);
  }

  /**
   * Like {@link #read}, on a connection that is reserved for the thread that applies the log and
   * for loading the state at a start. Other readers can exhaust the pool; they must neither delay
   * the log nor make its read time out, which would halt the node. A start also does not wait until
   * the pool is open.
   */
  public <T> T readForLog(DatabaseWork<T> query) {
    return readers.readReserved(query);
  }

  /** Like {@link #read}, but all statements of the query see the same state of the file. */
  public <T> T readSnapshot(DatabaseWork<T> query) {
    return read(
        connection -> {
          connection.setAutoCommit(false);
          // H2's REPEATABLE_READ fixes the state of each table at its first use, not at the first
          // statement.
          connection.setTransactionIsolation(Constants.TRANSACTION_SNAPSHOT);
          try {
            return query.run(connection);
          } finally {
            connection.rollback();
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setAutoCommit(true);
          }
        });
  }

  /**
   * Makes everything committed so far survive a power failure. This statement is the only one that
   * makes H2 call fsync.
   */
  public CompletableFuture<Void> checkpoint() {
    return write(
            connection -> {
              try (Statement statement = connection.createStatement()) {
                return statement.execute("CHECKPOINT SYNC");
              }
            })
        .thenAccept(nothing -> {});
  }

  /**
   * Frees the space of dead chunks by rewriting roughly {@code maxBytes}. With {@code
   * WRITE_DELAY=0} H2 never does this by itself. The future holds whether anything was rewritten.
   */
  public CompletableFuture<Boolean> compact(int maxBytes) {
    return write(
        connection -> {
          MVStore store = store(connection);
          return store.compact(TARGET_FILL_PERCENT, maxBytes);
        });
  }

  private static MVStore store(Connection connection) throws SQLException {
    SessionLocal session = (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    return session.getDatabase().getStore().getMvStore();
  }

  /** Runs a query whose first row holds a single number, and returns that number. */
  public static long queryNumber(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      if (!rows.next()) {
        throw new SQLException("no row: " + sql);
      }
      return rows.getLong(1);
    }
  }

  /**
   * Waits up to 2 s for running queries, then up to 20 s for the writer thread, which runs the
   * transactions that are already queued, syncs, and closes the file. After that the file is left
   * open, which is as safe as a crash.
   */
  @Override
  public void close() {
    readers.close();
    writer.close();
  }
}
