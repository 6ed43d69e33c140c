package toystore.db.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogPosition;

@Timeout(60)
class WriteBehindTest {
  private static final Duration NEVER = Duration.ofHours(1);

  @TempDir Path directory;

  private final FatalErrorRecorder fatal = new FatalErrorRecorder();

  /** A row: its number, and the index of the entry that created it. */
  private record Row(long number, long index) {}

  @Test
  @DisplayName("The position and the rows commit in one transaction")
  void positionAndRowsCommitInOneTransaction() throws Exception {
    try (Database database = open()) {
      CountDownLatch inSink = new CountDownLatch(1);
      CountDownLatch mayContinue = new CountDownLatch(1);
      WriteBehind<Row> writer =
          new WriteBehind<>(
              database,
              (transaction, rows) -> {
                insert(transaction, rows);
                inSink.countDown();
                awaitUnchecked(mayContinue);
              },
              new WriteBehind.FlushPolicy(Duration.ofMillis(1), 100, 1_000),
              position -> {});
      writer.append(new LogPosition(3, 8), rows(0, 5, 8));
      assertThat(inSink.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(count(database)).as("not committed yet").isZero();
      assertThat(position(database)).isEqualTo(LogPosition.NONE);
      mayContinue.countDown();
      await().until(() -> writer.persisted().equals(new LogPosition(3, 8)));
      assertThat(count(database)).isEqualTo(5);
      assertThat(position(database)).isEqualTo(new LogPosition(3, 8));
    }
    fatal.assertNone();
  }

  @Test
  @DisplayName("drain() writes all pending rows and returns the last position")
  void drainWritesPendingRowsAndReturnsThePosition() throws Exception {
    List<LogPosition> persisted = new CopyOnWriteArrayList<>();
    try (Database database = open()) {
      WriteBehind<Row> writer = writer(database, NEVER, 1_000, persisted);
      writer.append(new LogPosition(1, 0), rows(0, 2, 0));
      writer.append(new LogPosition(2, 1), List.of());
      assertThat(writer.pending()).isEqualTo(2);
      assertThat(drained(writer)).isEqualTo(new LogPosition(2, 1));
      assertThat(writer.pending()).isZero();
      assertThat(writer.persisted()).isEqualTo(new LogPosition(2, 1));
      assertThat(persisted).containsExactly(new LogPosition(2, 1));
      assertThat(drained(writer)).as("without new entries").isEqualTo(new LogPosition(2, 1));
      assertThat(count(database)).isEqualTo(2);
    }
    fatal.assertNone();
  }

  @Test
  @DisplayName("A full batch is written without waiting for the interval")
  void fullBatchIsWrittenAtOnce() {
    try (Database database = open()) {
      WriteBehind<Row> writer = writer(database, NEVER, 10, new ArrayList<>());
      writer.append(new LogPosition(1, 0), rows(0, 9, 0));
      assertThat(writer.persisted()).isEqualTo(LogPosition.NONE);
      writer.append(new LogPosition(1, 1), rows(9, 1, 1));
      await().until(() -> writer.persisted().equals(new LogPosition(1, 1)));
    }
  }

  @Test
  @DisplayName("The position of an entry without rows is written after the interval")
  void positionOfAnEntryWithoutRowsIsWritten() {
    try (Database database = open()) {
      WriteBehind<Row> writer = writer(database, Duration.ofMillis(5), 10, new ArrayList<>());
      writer.append(new LogPosition(4, 17), List.of());
      await().untilAsserted(() -> assertThat(position(database)).isEqualTo(new LogPosition(4, 17)));
    }
  }

  @Test
  @DisplayName("A copy of the file at any moment holds exactly the rows up to its position")
  void copyHoldsExactlyTheRowsUpToItsPosition() throws Exception {
    long seed = System.nanoTime();
    System.out.println("copyHoldsExactlyTheRowsUpToItsPosition seed " + seed);
    Random random = new Random(seed);
    try (Database database = open()) {
      WriteBehind<Row> writer =
          writer(database, Duration.ofMillis(3), 50, new CopyOnWriteArrayList<>());
      drained(writer);
      List<LogPosition> entries = new CopyOnWriteArrayList<>();
      List<Long> rowsAfter = new CopyOnWriteArrayList<>();
      AtomicBoolean stop = new AtomicBoolean();
      Thread applying =
          Thread.ofPlatform()
              .start(
                  () -> {
                    long number = 0;
                    long term = 1;
                    for (long index = 0; !stop.get(); index++) {
                      int rows = random.nextInt(4) == 0 ? 0 : random.nextInt(20);
                      term += random.nextInt(50) == 0 ? 1 : 0;
                      LogPosition position = new LogPosition(term, index);
                      entries.add(position);
                      rowsAfter.add(number + rows);
                      writer.append(position, rows(number, rows, index));
                      number += rows;
                      if (random.nextInt(3) == 0) {
                        pauseMicros(random.nextInt(2_000));
                      }
                    }
                  });
      try {
        for (int i = 0; i < 25; i++) {
          LogPosition before = writer.persisted();
          await().until(() -> writer.persisted().compareTo(before) > 0);
          LogPosition atLeast = writer.persisted();
          Path copy = directory.resolve("copy-" + i + ".mv.db");
          Files.copy(directory.resolve("db.mv.db"), copy);
          assertPrefix(copy, atLeast, entries, rowsAfter);
        }
      } finally {
        stop.set(true);
        applying.join(Duration.ofSeconds(10));
      }
      assertThat(drained(writer)).isEqualTo(entries.getLast());
      assertThat(count(database)).isEqualTo(rowsAfter.getLast());
    }
    fatal.assertNone();
  }

  private static void assertPrefix(
      Path copy, LogPosition atLeast, List<LogPosition> entries, List<Long> rowsAfter)
      throws SQLException {
    String file = copy.toString().replaceFirst("\\.mv\\.db$", "");
    try (Connection connection = DriverManager.getConnection("jdbc:h2:file:" + file, "sa", "")) {
      LogPosition position = LogPositionTable.readApplied(connection);
      assertThat(position).isGreaterThanOrEqualTo(atLeast);
      assertThat(entries.get((int) position.index())).isEqualTo(position);
      long rows = rowsAfter.get((int) position.index());
      assertThat(Database.queryNumber(connection, "SELECT COUNT(*) FROM entries")).isEqualTo(rows);
      assertThat(Database.queryNumber(connection, "SELECT COALESCE(MAX(number), -1) FROM entries"))
          .isEqualTo(rows - 1);
      assertThat(Database.queryNumber(connection, "SELECT COALESCE(MAX(index), -1) FROM entries"))
          .isLessThanOrEqualTo(position.index());
    }
  }

  @Test
  @DisplayName("append() blocks while the queue is full")
  void appendBlocksWhileTheQueueIsFull() throws Exception {
    CountDownLatch mayContinue = new CountDownLatch(1);
    CountDownLatch inSink = new CountDownLatch(1);
    try (Database database = open()) {
      WriteBehind<Row> writer =
          new WriteBehind<>(
              database,
              (transaction, rows) -> {
                inSink.countDown();
                awaitUnchecked(mayContinue);
                insert(transaction, rows);
              },
              new WriteBehind.FlushPolicy(Duration.ofMillis(1), 10, 20),
              position -> {});
      writer.append(new LogPosition(1, 0), rows(0, 10, 0));
      assertThat(inSink.await(10, TimeUnit.SECONDS)).isTrue();
      AtomicLong appended = new AtomicLong();
      Thread applying =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (long index = 1; index <= 5; index++) {
                      writer.append(new LogPosition(1, index), rows(index * 10, 10, index));
                      appended.incrementAndGet();
                    }
                  });
      await().until(() -> applying.getState() == Thread.State.WAITING);
      assertThat(appended).as("two entries of ten rows fill the queue").hasValue(2);
      assertThat(writer.pending()).isEqualTo(20);
      mayContinue.countDown();
      applying.join(Duration.ofSeconds(10));
      assertThat(appended).hasValue(5);
      assertThat(drained(writer)).isEqualTo(new LogPosition(1, 5));
      assertThat(count(database)).isEqualTo(60);
    } finally {
      mayContinue.countDown();
    }
    fatal.assertNone();
  }

  @Test
  @DisplayName("A failed write stops the writer and wakes a blocked append()")
  void failedWriteWakesABlockedAppend() throws Exception {
    CountDownLatch mayContinue = new CountDownLatch(1);
    try (Database database = open()) {
      WriteBehind<Row> writer =
          new WriteBehind<>(
              database,
              (transaction, rows) -> {
                awaitUnchecked(mayContinue);
                insert(transaction, rows);
                throw new SQLException("planted");
              },
              new WriteBehind.FlushPolicy(Duration.ofMillis(1), 10, 10),
              position -> {
                throw new AssertionError("nothing was persisted");
              });
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread applying =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (long index = 0; index < 100; index++) {
                        writer.append(new LogPosition(1, index), rows(index * 10, 10, index));
                      }
                    } catch (StorageException e) {
                      thrown.set(e);
                    }
                  });
      await().until(() -> applying.getState() == Thread.State.WAITING);
      mayContinue.countDown();
      applying.join(Duration.ofSeconds(10));
      assertThat(thrown.get()).hasMessageContaining("has failed").hasRootCauseMessage("planted");
      assertThat(fatal.causes()).singleElement().isInstanceOf(SQLException.class);
      assertThatThrownBy(() -> drained(writer)).isInstanceOf(ExecutionException.class);
      assertThatThrownBy(() -> writer.append(new LogPosition(1, 500), List.of()))
          .isInstanceOf(StorageException.class);
      assertThat(writer.persisted()).isEqualTo(LogPosition.NONE);
      assertThat(count(database)).isZero();
    } finally {
      mayContinue.countDown();
    }
  }

  @Test
  @DisplayName("A reopened file continues from its position")
  void reopenedFileContinuesFromItsPosition() throws Exception {
    try (Database database = open()) {
      WriteBehind<Row> writer = writer(database, NEVER, 1_000, new ArrayList<>());
      writer.append(new LogPosition(2, 41), rows(0, 3, 41));
      drained(writer);
      // Never written to the file: the log replays this entry.
      writer.append(new LogPosition(2, 42), rows(3, 3, 42));
    }
    try (Database database = open()) {
      WriteBehind<Row> writer = writer(database, NEVER, 1_000, new ArrayList<>());
      assertThat(writer.persisted()).isEqualTo(new LogPosition(2, 41));
      writer.append(new LogPosition(2, 42), rows(3, 3, 42));
      assertThat(drained(writer)).isEqualTo(new LogPosition(2, 42));
      assertThat(count(database)).isEqualTo(6);
    }
    fatal.assertNone();
  }

  @Test
  @DisplayName("Installed rows are durable even if the position does not change")
  void installedRowsAreDurableAtTheSamePosition() throws Exception {
    try (Database database = open()) {
      WriteBehind<Row> writer = writer(database, NEVER, 1_000, new ArrayList<>());
      LogPosition position = new LogPosition(5, 99);
      assertThat(writer.install(position, rows(0, 4, 99)).get(10, TimeUnit.SECONDS))
          .isEqualTo(position);
      assertThat(count(database)).isEqualTo(4);
      assertThat(writer.install(position, rows(4, 1, 99)).get(10, TimeUnit.SECONDS))
          .isEqualTo(position);
      assertThat(count(database)).isEqualTo(5);
    }
    fatal.assertNone();
  }

  private Database open() {
    return Database.open(directory.resolve("db"), TestSchemas.ENTRIES, TestSchemas.SMALL, fatal);
  }

  private static WriteBehind<Row> writer(
      Database database, Duration interval, int rows, List<LogPosition> persisted) {
    return new WriteBehind<>(
        database,
        WriteBehindTest::insert,
        new WriteBehind.FlushPolicy(interval, rows, 2_000),
        persisted::add);
  }

  private static LogPosition drained(WriteBehind<Row> writer) throws Exception {
    CompletableFuture<LogPosition> drained = writer.drain();
    return drained.get(10, TimeUnit.SECONDS);
  }

  private static List<Row> rows(long first, int count, long index) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(new Row(first + i, index));
    }
    return rows;
  }

  private static void insert(Connection transaction, List<Row> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    try (PreparedStatement insert =
        transaction.prepareStatement("INSERT INTO entries(number, index) VALUES (?, ?)")) {
      for (Row row : rows) {
        insert.setLong(1, row.number());
        insert.setLong(2, row.index());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static LogPosition position(Database database) {
    return database.read(LogPositionTable::readApplied);
  }

  private static long count(Database database) {
    return database.<Long>read(
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM entries")) {
            rows.next();
            return rows.getLong(1);
          }
        });
  }

  private static void awaitUnchecked(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the latch was not opened within 30 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void pauseMicros(long micros) {
    try {
      TimeUnit.MICROSECONDS.sleep(micros);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
