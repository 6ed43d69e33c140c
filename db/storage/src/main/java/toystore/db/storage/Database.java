package toystore.db.storage;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.h2.engine.Constants;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;

/**
 * One H2 file, written by one platform thread and read through a small pool.
 *
 * <p>Every COMMIT, CHECKPOINT and compaction runs on the writer thread. H2 snapshots a file map by
 * map while transactions go on; with {@code WRITE_DELAY=0} and a single writer a snapshot happens
 * only at a commit, so a crash cannot tear one commit across two tables ({@code TornCommitTest}).
 * Nobody interrupts that thread, because an interrupt closes the file.
 *
 * <p>Any exception on the writer is fatal: {@code onFatal} is told once, and the process is
 * expected to halt, since a restarted replica is correct and a limping one is not.
 */
public final class Database implements AutoCloseable {
  // "async", because an interrupt of a reading thread closes the channel that "file" opens, for the
  // writer too.
  private static final String URL_PREFIX = "jdbc:h2:async:";
  // A transaction of the catalog has more statements than the eight that H2 keeps by default, and
  // would parse each of them again.
  private static final String SETTINGS =
      ";WRITE_DELAY=0;MAX_COMPACT_TIME=0;DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE"
          + ";QUERY_CACHE_SIZE=32";
  private static final long CLOSE_SECONDS = 20;
  private static final long READERS_END_SECONDS = 2;

  /** What H2 adds to the name of a file. */
  public static final String FILE_ENDING = ".mv.db";

  private final Path file;
  private final String url;
  private final Connection writer;
  private final Sizes sizes;
  private final Object opening = new Object();

  /** Whoever reads by the pool shares it; whoever closes the pool waits for it. */
  private final ReentrantReadWriteLock reading = new ReentrantReadWriteLock();

  /** Made when somebody first reads: a start does not wait for it. */
  private volatile @Nullable HikariDataSource readers;

  private final Object logReading = new Object();

  /** Not of the pool; opened when it is first needed. */
  private @Nullable Connection logReader;

  /** From then on nothing is opened, since H2 would open the file anew. */
  private volatile boolean closed;

  /** Seen by the writer thread only: what comes to it after the last statement is not written. */
  private boolean ended;

  private final ScheduledThreadPoolExecutor writerThread;
  private final Consumer<Throwable> onFatal;
  private final AtomicBoolean failed = new AtomicBoolean();

  private Database(
      Path file,
      String url,
      Connection writer,
      Sizes sizes,
      ScheduledThreadPoolExecutor writerThread,
      Consumer<Throwable> onFatal) {
    this.file = file;
    this.url = url;
    this.writer = writer;
    this.sizes = sizes;
    this.writerThread = writerThread;
    this.onFatal = onFatal;
  }

  /** Sizes of one database: H2's page cache in KiB, and the connections of the read pool. */
  public record Sizes(int cacheKb, int readConnections) {}

  /**
   * Opens the file, which is made if it is not there, and brings its schema up to date.
   *
   * @param file path without H2's ending {@code .mv.db}
   * @param onFatal called once with the first failure of a write, or the first damage that is read
   * @throws DamagedFileException if the file is not as it was written
   * @throws StorageException if the file is in use, not accessible, or of a newer version
   */
  public static Database open(
      Path file, Migrations migrations, Sizes sizes, Consumer<Throwable> onFatal) {
    String url = URL_PREFIX + file.toAbsolutePath() + SETTINGS + ";CACHE_SIZE=" + sizes.cacheKb();
    ScheduledThreadPoolExecutor thread =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("h2-writer-" + file.getFileName()).factory());
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    try {
      Connection writer =
          thread
              .submit(
                  () -> {
                    requireContent(file.resolveSibling(file.getFileName() + FILE_ENDING));
                    return connect(url, migrations);
                  })
              .get();
      return new Database(file, url, writer, sizes, thread, onFatal);
    } catch (ExecutionException e) {
      thread.shutdown();
      throw failure("cannot open ", file, e, DamageClassifier.shownByOpening(e));
    } catch (InterruptedException e) {
      thread.shutdown();
      Thread.currentThread().interrupt();
      throw new StorageException("interrupted while opening " + file, e);
    }
  }

  /**
   * Looks into a file that is there without writing to it: one in which it finds no chunk that
   * makes sense H2 takes for a new one, and begins to overwrite it.
   */
  private static void requireContent(Path path) throws IOException {
    if (!Files.exists(path) || Files.size(path) == 0) {
      return;
    }
    try (MVStore store = new MVStore.Builder().fileName(path.toString()).readOnly().open()) {
      if (store.getMapNames().isEmpty()) {
        throw new DamagedFileException("it has " + Files.size(path) + " bytes and holds nothing");
      }
    } catch (MVStoreException e) {
      // In use: the database itself says so, in words for people.
      if (e.getErrorCode() != DataUtils.ERROR_FILE_LOCKED) {
        throw e;
      }
    }
  }

  private static StorageException failure(String what, Path file, Exception e, boolean damage) {
    String message = what + file + FILE_ENDING + ": " + reason(e);
    return damage ? new DamagedFileException(message, e) : new StorageException(message, e);
  }

  private static String reason(Exception e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse(cause.toString());
  }

  private static Connection connect(String url, Migrations migrations) throws SQLException {
    Connection connection = DriverManager.getConnection(url, "sa", "");
    try {
      connection.setAutoCommit(false);
      migrations.apply(connection);
      connection.commit();
      return connection;
    } catch (SQLException | RuntimeException e) {
      // Else the database stays open in this JVM, and would be found again under its name, although
      // the file may be set aside by then.
      try (connection;
          Statement statement = connection.createStatement()) {
        statement.execute("SHUTDOWN IMMEDIATELY");
      } catch (SQLException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  private HikariDataSource readers() throws SQLException {
    HikariDataSource made = readers;
    if (made != null && !closed) {
      return made;
    }
    synchronized (opening) {
      if (closed) {
        throw new SQLException("closed");
      }
      made = readers;
      if (made == null) {
        made = pool(url, sizes);
        readers = made;
      }
      return made;
    }
  }

  private static HikariDataSource pool(String url, Sizes sizes) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("h2-read");
    config.setJdbcUrl(url);
    config.setUsername("sa");
    config.setPassword("");
    config.setReadOnly(true);
    config.setMaximumPoolSize(sizes.readConnections());
    config.setMinimumIdle(1);
    config.setConnectionTimeout(5_000);
    // Whoever asks for a connection is told why there is none, as an SQLException.
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  /** Whether a failure of a database means that its file is not as it was written. */
  public static boolean isDamage(Throwable failure) {
    return DamageClassifier.shownBy(failure);
  }

  /** Where the rows are, without H2's ending. */
  public Path file() {
    return file;
  }

  /**
   * Runs one transaction on the writer thread; the future completes after its commit, or with its
   * failure, which is fatal to the database.
   */
  public <T> CompletableFuture<T> write(DatabaseWork<T> transaction) {
    CompletableFuture<T> done = new CompletableFuture<>();
    writerThread.execute(() -> runWrite(transaction, done));
    return done;
  }

  /** Runs a task on the writer thread after the delay; it writes by {@link #runWrite}. */
  void onWriterAfter(long delay, TimeUnit unit, Runnable task) {
    writerThread.schedule(task, delay, unit);
  }

  /**
   * Runs one transaction; only ever called on the writer thread. After {@link #close} it fails,
   * which is not fatal: what was to be written is in the log still.
   */
  <T> void runWrite(DatabaseWork<T> transaction, CompletableFuture<T> done) {
    if (ended) {
      done.completeExceptionally(new StorageException(file + FILE_ENDING + " is closed"));
      return;
    }
    if (failed.get()) {
      done.completeExceptionally(new StorageException("the writer of " + file + " has failed"));
      return;
    }
    T result;
    try {
      result = transaction.run(writer);
      writer.commit();
    } catch (SQLException | RuntimeException | Error e) {
      try {
        writer.rollback();
      } catch (SQLException rollback) {
        e.addSuppressed(rollback);
      }
      try {
        fail(e);
      } finally {
        done.completeExceptionally(e);
      }
      return;
    }
    done.complete(result);
  }

  private void fail(Throwable cause) {
    if (failed.compareAndSet(false, true)) {
      onFatal.accept(cause);
    }
  }

  /**
   * Runs read-only work on a pooled connection. It sees what was committed when each of its
   * statements began.
   *
   * @throws DamagedFileException if the file is not as it was written
   * @throws StorageException if the statement fails
   */
  public <T> T read(DatabaseWork<T> query) {
    reading.readLock().lock();
    try (Connection connection = readers().getConnection()) {
      return query.run(connection);
    } catch (SQLException e) {
      throw cannotRead(e);
    } finally {
      reading.readLock().unlock();
    }
  }

  private StorageException cannotRead(SQLException e) {
    // What a reader sees of a database that is being closed says nothing about its file.
    StorageException failure =
        failure("cannot read ", file, e, !closed && DamageClassifier.shownBy(e));
    // A read that finds damage is as fatal as a write that fails; other readers only lack it yet.
    if (failure instanceof DamagedFileException) {
      fail(failure);
    }
    return failure;
  }

  /**
   * Like {@link #read}, for whoever applies the log, and for what that one starts from: on a
   * connection of its own, so that a crowd of readers cannot hold up the log, nor end the node by
   * doing so; nor does a start wait until there is a pool.
   */
  public <T> T readForLog(DatabaseWork<T> query) {
    synchronized (logReading) {
      try {
        Connection connection = logReader;
        if (closed) {
          throw new SQLException("closed");
        }
        if (connection == null) {
          connection = DriverManager.getConnection(url, "sa", "");
          connection.setReadOnly(true);
          logReader = connection;
        }
        return query.run(connection);
      } catch (SQLException e) {
        throw cannotRead(e);
      }
    }
  }

  /** Like {@link #read}, but all statements see one state of the file. */
  public <T> T readSnapshot(DatabaseWork<T> query) {
    return read(
        connection -> {
          connection.setAutoCommit(false);
          // H2's REPEATABLE_READ fixes a table only when a statement first comes to it.
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

  /** Makes all that was committed so far survive a loss of power: H2's only fsync. */
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
   * Gives space of dead chunks back, for at most about this many bytes of rewriting. With {@code
   * WRITE_DELAY=0} H2 never does so by itself. The future says whether anything was moved.
   */
  public CompletableFuture<Boolean> compact(int maxBytes) {
    return write(
        connection -> {
          MVStore store = store(connection);
          return store.compact(TARGET_FILL_PERCENT, maxBytes);
        });
  }

  private static final int TARGET_FILL_PERCENT = 60;

  private static MVStore store(Connection connection) throws SQLException {
    SessionLocal session = (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    return session.getDatabase().getStore().getMvStore();
  }

  /** The transaction that reads the single number a query gives. */
  public static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      if (!rows.next()) {
        throw new SQLException("no row: " + sql);
      }
      return rows.getLong(1);
    }
  }

  /**
   * Lets readers end, for 2 s, and the writer finish what it has, syncs, and closes the file.
   * Bounded: after 20 s more the file is left as it is, which is as safe as a crash.
   */
  @Override
  public void close() {
    closeReaders();
    CompletableFuture<Void> done = new CompletableFuture<>();
    writerThread.execute(
        () -> {
          try {
            closeWriter();
            done.complete(null);
          } catch (SQLException | RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        });
    writerThread.shutdown();
    try {
      done.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // Not closed in order, which is as safe as a crash.
      System.getLogger(Database.class.getName())
          .log(System.Logger.Level.WARNING, "closing " + file, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeReaders() {
    synchronized (logReading) {
      closed = true;
      Connection connection = logReader;
      logReader = null;
      try {
        // Else H2 notes beside the next file that is opened that this one was left open.
        if (connection != null) {
          connection.close();
        }
      } catch (SQLException e) {
        System.getLogger(Database.class.getName())
            .log(System.Logger.Level.WARNING, "closing a reader of " + file, e);
      }
    }
    boolean unread = awaitEndOfReaders();
    try {
      synchronized (opening) {
        HikariDataSource made = readers;
        if (made != null) {
          made.close();
        }
      }
    } finally {
      if (unread) {
        reading.writeLock().unlock();
      }
    }
  }

  /**
   * The pool itself does not wait for them, and H2 would end under their statements. A reader that
   * takes longer fails.
   *
   * @return whether this thread now keeps readers out
   */
  private boolean awaitEndOfReaders() {
    try {
      return reading.writeLock().tryLock(READERS_END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** On the writer thread. */
  private void closeWriter() throws SQLException {
    ended = true;
    try (writer;
        Statement statement = writer.createStatement()) {
      try {
        if (!failed.get()) {
          statement.execute("CHECKPOINT SYNC");
        }
      } finally {
        // Else it would be found under its name by whoever opens the next file there.
        statement.execute("SHUTDOWN IMMEDIATELY");
      }
    }
  }
}
