package toystore.db.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DatabaseTest {
  @TempDir Path directory;

  private final FatalErrorRecorder fatal = new FatalErrorRecorder();

  @Test
  @DisplayName("Committed rows are still there after the file is reopened")
  void committedRowsSurviveReopening() {
    try (Database database = open()) {
      database.write(c -> insert(c, 1)).join();
      database.write(c -> insert(c, 2));
    }
    try (Database database = open()) {
      assertThat(count(database)).isEqualTo(2);
    }
    fatal.assertNone();
  }

  /** H2 would open the file a second time, although another database may have it open by then. */
  @Test
  @DisplayName("The first read after close fails and does not reopen the file")
  void readAfterCloseDoesNotReopenTheFile() {
    Database ended = open();
    ended.write(c -> insert(c, 1)).join();
    ended.close();
    try (Database database = open()) {
      assertThatThrownBy(() -> count(ended))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("closed");
      database.write(c -> insert(c, 2)).join();
    }
    try (Database database = open()) {
      assertThat(count(database)).isEqualTo(2);
    }
    fatal.assertNone();
  }

  /**
   * If H2 shuts down under a running statement, the statement fails in ways that look like damage.
   */
  @Test
  @DisplayName("Closing waits until a read that has begun is finished")
  void closeWaitsForARunningRead() throws Exception {
    Database database = open();
    database.write(c -> insert(c, 1)).join();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayFinish = new CountDownLatch(1);
    CompletableFuture<Long> read =
        CompletableFuture.supplyAsync(
            () ->
                database.<Long>read(
                    c -> {
                      begun.countDown();
                      assertThat(awaits(mayFinish)).isTrue();
                      return Database.queryNumber(c, "SELECT COUNT(*) FROM entries");
                    }));
    begun.await();
    Thread closing = Thread.ofPlatform().start(database::close);
    assertThat(closing.join(Duration.ofMillis(200))).isFalse();
    mayFinish.countDown();

    assertThat(read).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(1L);
    assertThat(closing.join(Duration.ofSeconds(20))).isTrue();
    fatal.assertNone();
    assertNoOtherFiles();
  }

  private static boolean awaits(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Such a write may become due while the file is being closed. It is not lost: the log holds it.
   */
  @Test
  @DisplayName(
      "A transaction that reaches the writer thread after close is rejected, which is not fatal")
  void transactionAfterCloseIsRejectedAndNotFatal() throws Exception {
    Database ended = open();
    ended.write(c -> insert(c, 1)).join();
    ended.close();

    CompletableFuture<Integer> late = new CompletableFuture<>();
    ended.writer().run(c -> insert(c, 2), late);

    assertThat(late)
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withCauseInstanceOf(StorageException.class)
        .withMessageContaining("closed");
    fatal.assertNone();
    assertNoOtherFiles();
    try (Database database = open()) {
      assertThat(count(database)).isEqualTo(1);
    }
  }

  /**
   * If a connection is garbage-collected without having been closed, H2 writes a trace file beside
   * the database when the next connection is opened.
   */
  @Test
  @DisplayName("Closing the database closes every connection")
  void closeClosesAllConnections() throws Exception {
    ReferenceQueue<Connection> garbage = new ReferenceQueue<>();
    PhantomReference<Connection> logConnection;
    try (Database database = open()) {
      logConnection = new PhantomReference<>(database.readForLog(c -> c), garbage);
      assertThat(count(database)).isZero();
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              System.gc();
              return garbage.remove(10) != null && logConnection.refersTo(null);
            });

    open().close();
    assertNoOtherFiles();
    fatal.assertNone();
  }

  private void assertNoOtherFiles() {
    assertThat(directory)
        .isDirectoryNotContaining(p -> !p.getFileName().toString().equals("db.mv.db"));
  }

  @Test
  @DisplayName("A failed write is reported as fatal once, and nothing is written after it")
  void failedWriteIsFatalOnceAndStopsTheWriter() {
    try (Database database = open()) {
      database.write(c -> insert(c, 1)).join();
      CompletableFuture<Integer> failing =
          database.write(
              c -> {
                insert(c, 2);
                return insert(c, 1);
              });
      CompletableFuture<Integer> queuedAfterIt = database.write(c -> insert(c, 3));
      assertThatThrownBy(failing::join).hasRootCauseInstanceOf(SQLException.class);
      assertThatThrownBy(queuedAfterIt::join)
          .hasRootCauseInstanceOf(StorageException.class)
          .hasMessageContaining("has failed");
      assertThatThrownBy(() -> database.write(c -> insert(c, 4)).join())
          .hasRootCauseInstanceOf(StorageException.class);
      assertThatThrownBy(() -> database.checkpoint().join())
          .hasRootCauseInstanceOf(StorageException.class);
      assertThat(fatal.causes()).singleElement().isInstanceOf(SQLException.class);
      assertThat(count(database)).isEqualTo(1);
    }
    try (Database database = open()) {
      assertThat(count(database)).as("rows after the failed transaction").isEqualTo(1);
    }
  }

  @Test
  @DisplayName("A runtime exception in a transaction is fatal too")
  void runtimeExceptionInATransactionIsFatal() {
    try (Database database = open()) {
      CompletableFuture<Integer> failing =
          database.write(
              c -> {
                insert(c, 1);
                throw new IllegalStateException("planted");
              });
      assertThatThrownBy(failing::join).hasMessageContaining("planted");
      assertThat(fatal.causes()).singleElement().isInstanceOf(IllegalStateException.class);
      assertThat(count(database)).isZero();
    }
  }

  @Test
  @DisplayName("A file that another process has open is rejected")
  void fileInUseByAnotherProcessIsRejected() throws Exception {
    Process other =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                LockingProcess.class.getName(),
                directory.resolve("db").toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader output = other.inputReader(UTF_8)) {
      assertThat(output.readLine()).startsWith(LockingProcess.OPENED);
      assertThatThrownBy(() -> open().close())
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("cannot open")
          .hasMessageContaining("db.mv.db")
          .hasMessageContaining("may be already in use");
      other.getOutputStream().close();
      assertThat(other.waitFor(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      other.destroyForcibly();
    }
    open().close();
  }

  @Test
  @DisplayName("A file that is not an H2 database is rejected")
  void fileThatIsNotADatabaseIsRejected() throws Exception {
    Files.write(directory.resolve("db.mv.db"), new byte[10_000]);
    assertThatThrownBy(() -> open().close())
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("db.mv.db");
  }

  @Test
  @DisplayName("A failed read is not fatal and does not affect later writes")
  void failedReadHasNoEffect() {
    try (Database database = open()) {
      assertThatThrownBy(
              () -> database.<Long>read(c -> Database.queryNumber(c, "SELECT x FROM none")))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("cannot read");
      database.write(c -> insert(c, 1)).join();
      assertThat(count(database)).isEqualTo(1);
    }
    fatal.assertNone();
  }

  @Test
  @DisplayName("All statements of a snapshot read see the same state")
  void snapshotStatementsSeeTheSameState() {
    try (Database database = open()) {
      database.write(c -> insert(c, 1)).join();
      List<Long> counts =
          database.readSnapshot(
              c -> {
                long first = Database.queryNumber(c, "SELECT COUNT(*) FROM entries");
                database.write(w -> insert(w, 2)).join();
                return List.of(first, Database.queryNumber(c, "SELECT COUNT(*) FROM entries"));
              });
      assertThat(counts).containsExactly(1L, 1L);
      assertThat(count(database)).as("a later read").isEqualTo(2);
    }
  }

  @Test
  @DisplayName(
      "A snapshot read sees its state also in tables that it uses only after a later commit")
  void snapshotCoversTablesFirstUsedLater() {
    try (Database database = open()) {
      List<Long> rows =
          database.readSnapshot(
              c -> {
                long first = Database.queryNumber(c, "SELECT COUNT(*) FROM log_position");
                database.write(w -> insert(w, 1)).join();
                return List.of(first, Database.queryNumber(c, "SELECT COUNT(*) FROM entries"));
              });
      assertThat(rows).as("row counts before the write").containsExactly(0L, 0L);
    }
  }

  @Test
  @DisplayName("Closing completes the writes that are already queued")
  void closeCompletesQueuedWrites() {
    CountDownLatch started = new CountDownLatch(1);
    List<CompletableFuture<Integer>> writes = new ArrayList<>();
    try (Database database = open()) {
      for (int i = 0; i < 200; i++) {
        int number = i;
        writes.add(
            database.write(
                c -> {
                  started.countDown();
                  return insert(c, number);
                }));
      }
      await().until(() -> started.getCount() == 0);
    }
    assertThat(writes)
        .allMatch(CompletableFuture::isDone)
        .noneMatch(f -> f.isCompletedExceptionally());
    try (Database database = open()) {
      assertThat(count(database)).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("Interrupting a reading thread does not close the file")
  void interruptedReadersDoNotCloseTheFile() throws Exception {
    long seed = System.nanoTime();
    System.out.println("interruptedReadersDoNotCloseTheFile seed " + seed);
    Random random = new Random(seed);
    // The cache is so small that nearly every read accesses the file.
    try (Database database =
        Database.open(
            directory.resolve("db"),
            TestSchemas.ENTRIES_WITH_NOTE,
            new Database.Sizes(16, 2),
            fatal)) {
      database
          .write(
              c ->
                  execute(
                      c,
                      "INSERT INTO entries SELECT x, 0, RPAD('', 60, 'x')"
                          + " FROM SYSTEM_RANGE(1, 30000)"))
          .join();
      AtomicBoolean stop = new AtomicBoolean();
      AtomicLong reads = new AtomicLong();
      Thread reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (!stop.get()) {
                      try {
                        database.read(
                            c -> Database.queryNumber(c, "SELECT SUM(LENGTH(note)) FROM entries"));
                        reads.incrementAndGet();
                      } catch (StorageException e) {
                        // Expected: the pool gives no connection to an interrupted thread.
                        Thread.interrupted();
                      }
                    }
                  });
      for (int i = 1; i <= 100; i++) {
        TimeUnit.MICROSECONDS.sleep(random.nextInt(10_000));
        reader.interrupt();
        database
            .write(c -> execute(c, "UPDATE entries SET index = index + 1 WHERE number = 1"))
            .join();
      }
      long before = reads.get();
      await().atMost(Duration.ofSeconds(20)).until(() -> reads.get() > before);
      stop.set(true);
      reader.join(Duration.ofSeconds(20));
      assertThat(
              database.<Long>read(
                  c -> Database.queryNumber(c, "SELECT index FROM entries WHERE number = 1")))
          .isEqualTo(100);
    }
    fatal.assertNone();
  }

  private Database open() {
    return Database.open(directory.resolve("db"), TestSchemas.ENTRIES, TestSchemas.SMALL, fatal);
  }

  private static long count(Database database) {
    return database.<Long>read(c -> Database.queryNumber(c, "SELECT COUNT(*) FROM entries"));
  }

  private static int insert(Connection connection, long number) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeUpdate(
          "INSERT INTO entries(number, index) VALUES (" + number + ", 0)");
    }
  }

  private static boolean execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.execute(sql);
    }
  }
}
