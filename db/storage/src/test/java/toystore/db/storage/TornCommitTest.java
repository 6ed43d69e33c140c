package toystore.db.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests whether a crash can tear a commit. A copy of a file that is being written stands for the
 * file that a crash leaves. Each transaction sets all tables to the same value, so a copy whose
 * tables differ is torn. A newer version of H2 must pass this test before it is used.
 */
@Timeout(90)
class TornCommitTest {
  private static final int TABLES = 20;
  private static final int COPIES = 60;

  @TempDir Path directory;

  @Test
  @DisplayName("With one writer thread, no copy of the file is torn or unreadable")
  void copiesAreNeverTornWithOneWriterThread() throws Exception {
    FatalErrorRecorder fatal = new FatalErrorRecorder();
    AtomicLong value = new AtomicLong();
    try (Database database =
        Database.open(directory.resolve("db"), TestSchemas.of(), TestSchemas.SMALL, fatal)) {
      database.write(connection -> createTables(connection, 1)).join();
      Semaphore commits = new Semaphore(0);
      AtomicBoolean stop = new AtomicBoolean();
      ReentrantLock writing = new ReentrantLock(true);
      try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
        Future<?> writer =
            threads.submit(
                () -> {
                  while (!stop.get()) {
                    writing.lock();
                    try {
                      long next = value.get() + 1;
                      database.write(connection -> setAll(connection, 0, next)).join();
                      value.set(next);
                      commits.release();
                    } finally {
                      writing.unlock();
                    }
                  }
                });
        try {
          for (int i = 0; i < COPIES; i++) {
            commits.drainPermits();
            // Copy the file in the middle of a commit, not right after one.
            assertThat(commits.tryAcquire(3, 20, TimeUnit.SECONDS)).isTrue();
            long acknowledged = value.get();
            Path copy = copy(i);
            List<Long> values;
            // The writer pauses while the copy is checked, so that the file does not grow.
            writing.lock();
            try {
              values = valuesOf(copy, 0);
            } finally {
              writing.unlock();
            }
            assertThat(values).as("number of tables in copy %d", i).hasSize(TABLES);
            assertThat(values.stream().distinct()).as("distinct values in copy %d", i).hasSize(1);
            assertThat(values.getFirst())
                .as("an acknowledged commit is in copy %d", i)
                .isGreaterThanOrEqualTo(acknowledged);
            Files.delete(copy);
          }
        } finally {
          stop.set(true);
        }
        writer.get(10, TimeUnit.SECONDS);
      }
    }
    fatal.assertNone();
  }

  @Test
  @DisplayName("With the default write delay and several writers, copies of the file are torn")
  void copiesAreTornWithDefaultDelayAndManyWriters() throws Exception {
    int writers = 4;
    String url = "jdbc:h2:file:" + directory.resolve("db");
    AtomicBoolean stop = new AtomicBoolean();
    try (Connection setUp = DriverManager.getConnection(url, "sa", "");
        ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      createTables(setUp, writers);
      try (Statement statement = setUp.createStatement()) {
        statement.execute("CHECKPOINT SYNC");
      }
      List<Future<?>> done = new ArrayList<>();
      for (int id = 0; id < writers; id++) {
        int row = id;
        done.add(threads.submit(() -> writeUntil(stop, url, row)));
      }
      AtomicInteger copies = new AtomicInteger();
      try {
        await()
            .atMost(Duration.ofSeconds(40))
            .pollInterval(Duration.ofMillis(50))
            .until(() -> isTorn(copy(copies.incrementAndGet()), writers));
      } finally {
        stop.set(true);
      }
      for (Future<?> writer : done) {
        writer.get(10, TimeUnit.SECONDS);
      }
    }
  }

  private static Void writeUntil(AtomicBoolean stop, String url, int row) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url, "sa", "")) {
      connection.setAutoCommit(false);
      for (long next = 1; !stop.get(); next++) {
        setAll(connection, row, next);
        connection.commit();
      }
    }
    return null;
  }

  private static boolean isTorn(Path copy, int rows) throws SQLException, IOException {
    for (int row = 0; row < rows; row++) {
      if (valuesOf(copy, row).stream().distinct().count() > 1) {
        return true;
      }
    }
    Files.delete(copy);
    return false;
  }

  private static Void createTables(Connection connection, int rows) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (int table = 0; table < TABLES; table++) {
        statement.execute("CREATE TABLE t" + table + "(id INT PRIMARY KEY, v BIGINT)");
        for (int row = 0; row < rows; row++) {
          statement.execute("INSERT INTO t" + table + " VALUES (" + row + ", 0)");
        }
      }
    }
    return null;
  }

  private static Void setAll(Connection connection, int row, long value) throws SQLException {
    for (int table = 0; table < TABLES; table++) {
      try (PreparedStatement update =
          connection.prepareStatement("UPDATE t" + table + " SET v = ? WHERE id = ?")) {
        update.setLong(1, value);
        update.setInt(2, row);
        update.executeUpdate();
      }
    }
    return null;
  }

  private Path copy(int number) throws IOException {
    return Files.copy(
        directory.resolve("db.mv.db"), directory.resolve("copy-" + number + ".mv.db"));
  }

  /** The value of each table in a copy. H2 opens the copy as it would open a file after a crash. */
  private static List<Long> valuesOf(Path copy, int row) throws SQLException {
    String file = copy.toString().replaceFirst("\\.mv\\.db$", "");
    String union =
        IntStream.range(0, TABLES)
            .mapToObj(table -> "SELECT v FROM t" + table + " WHERE id = " + row)
            .collect(Collectors.joining(" UNION ALL "));
    try (Connection connection = DriverManager.getConnection("jdbc:h2:file:" + file, "sa", "");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(union)) {
      List<Long> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getLong(1));
      }
      return values;
    }
  }
}
