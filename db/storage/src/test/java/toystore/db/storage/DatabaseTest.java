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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DatabaseTest {
  @TempDir Path directory;

  private final FatalErrorRecorder fatal = new FatalErrorRecorder();

  @Test
  void whatWasCommittedIsThereAfterReopening() {
    try (Database database = open()) {
      database.write(c -> insert(c, 1)).join();
      database.write(c -> insert(c, 2));
    }
    try (Database database = open()) {
      assertThat(count(database)).isEqualTo(2);
    }
    fatal.assertNone();
  }

  /** H2 would open the file anew for it, beside whoever has it by then. */
  @Test
  void aFirstReadAfterTheEndOpensNothing() {
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

  /** Under a statement that is being carried out H2 ends in ways that look like damage. */
  @Test
  void aReaderThatHasBegunMayEndBeforeTheFileIsClosed() throws Exception {
    Database database = open();
    database.write(c -> insert(c, 1)).join();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    CompletableFuture<Long> read =
        CompletableFuture.supplyAsync(
            () ->
                database.<Long>read(
                    c -> {
                      begun.countDown();
                      assertThat(awaits(mayGoOn)).isTrue();
                      return Database.number(c, "SELECT COUNT(*) FROM entries");
                    }));
    begun.await();
    Thread closing = Thread.ofPlatform().start(database::close);
    assertThat(closing.join(Duration.ofMillis(200))).isFalse();
    mayGoOn.countDown();

    assertThat(read).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(1L);
    assertThat(closing.join(Duration.ofSeconds(20))).isTrue();
    fatal.assertNone();
    assertOnlyTheFileIsThere();
  }

  private static boolean awaits(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A write that was due while the file was being closed: it is in the log, and not lost. */
  @Test
  void whatComesToTheWriterAfterTheEndIsNeitherWrittenNorFatal() throws Exception {
    Database ended = open();
    ended.write(c -> insert(c, 1)).join();
    ended.close();

    CompletableFuture<Integer> late = new CompletableFuture<>();
    ended.runWrite(c -> insert(c, 2), late);

    assertThat(late)
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withCauseInstanceOf(StorageException.class)
        .withMessageContaining("closed");
    fatal.assertNone();
    assertOnlyTheFileIsThere();
    try (Database database = open()) {
      assertThat(count(database)).isEqualTo(1);
    }
  }

  /**
   * Once a connection that was left open is garbage, whoever next opens one finds a file beside its
   * database in which H2 says so.
   */
  @Test
  void noConnectionIsLeftOpenAtTheEnd() throws Exception {
    ReferenceQueue<Connection> garbage = new ReferenceQueue<>();
    PhantomReference<Connection> ofLog;
    try (Database database = open()) {
      ofLog = new PhantomReference<>(database.readForLog(c -> c), garbage);
      assertThat(count(database)).isZero();
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              System.gc();
              return garbage.remove(10) != null && ofLog.refersTo(null);
            });

    open().close();
    assertOnlyTheFileIsThere();
    fatal.assertNone();
  }

  private void assertOnlyTheFileIsThere() {
    assertThat(directory)
        .isDirectoryNotContaining(p -> !p.getFileName().toString().equals("db.mv.db"));
  }

  @Test
  void aFailedWriteIsFatalOnceAndNothingIsWrittenAfterIt() {
    try (Database database = open()) {
      database.write(c -> insert(c, 1)).join();
      CompletableFuture<Integer> failing =
          database.write(
              c -> {
                insert(c, 2);
                return insert(c, 1);
              });
      CompletableFuture<Integer> queuedBehind = database.write(c -> insert(c, 3));
      assertThatThrownBy(failing::join).hasRootCauseInstanceOf(SQLException.class);
      assertThatThrownBy(queuedBehind::join)
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
      assertThat(count(database)).as("the failed transaction left nothing").isEqualTo(1);
    }
  }

  @Test
  void aProgrammingErrorInATransactionIsFatalToo() {
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
  void aFileThatAnotherProcessHasOpenIsRefused() throws Exception {
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
    try (BufferedReader said = other.inputReader(UTF_8)) {
      assertThat(said.readLine()).startsWith(LockingProcess.HOLDS);
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
  void aFileThatIsNoDatabaseIsRefused() throws Exception {
    Files.write(directory.resolve("db.mv.db"), new byte[10_000]);
    assertThatThrownBy(() -> open().close())
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("db.mv.db");
  }

  @Test
  void aFailingReadHarmsNothing() {
    try (Database database = open()) {
      assertThatThrownBy(() -> database.<Long>read(c -> Database.number(c, "SELECT x FROM none")))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("cannot read");
      database.write(c -> insert(c, 1)).join();
      assertThat(count(database)).isEqualTo(1);
    }
    fatal.assertNone();
  }

  @Test
  void aSnapshotShowsOneStateToAllItsStatements() {
    try (Database database = open()) {
      database.write(c -> insert(c, 1)).join();
      List<Long> counts =
          database.readSnapshot(
              c -> {
                long first = Database.number(c, "SELECT COUNT(*) FROM entries");
                database.write(w -> insert(w, 2)).join();
                return List.of(first, Database.number(c, "SELECT COUNT(*) FROM entries"));
              });
      assertThat(counts).containsExactly(1L, 1L);
      assertThat(count(database)).as("a later read").isEqualTo(2);
    }
  }

  @Test
  void aSnapshotShowsOneStateOfTablesThatItComesToLater() {
    try (Database database = open()) {
      List<Long> rows =
          database.readSnapshot(
              c -> {
                long first = Database.number(c, "SELECT COUNT(*) FROM log_position");
                database.write(w -> insert(w, 1)).join();
                return List.of(first, Database.number(c, "SELECT COUNT(*) FROM entries"));
              });
      assertThat(rows).as("both from before the write").containsExactly(0L, 0L);
    }
  }

  @Test
  void closingLetsTheWriterFinishWhatItHas() {
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
  void interruptsOfReadersDoNotCloseTheFile() throws Exception {
    long seed = System.nanoTime();
    System.out.println("interruptsOfReadersDoNotCloseTheFile seed " + seed);
    Random random = new Random(seed);
    // A cache that holds almost nothing, so that reads go to the file.
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
                            c -> Database.number(c, "SELECT SUM(LENGTH(note)) FROM entries"));
                        reads.incrementAndGet();
                      } catch (StorageException e) {
                        // The pool gives an interrupted thread no connection; that is fine.
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
                  c -> Database.number(c, "SELECT index FROM entries WHERE number = 1")))
          .isEqualTo(100);
    }
    fatal.assertNone();
  }

  private Database open() {
    return Database.open(directory.resolve("db"), TestSchemas.ENTRIES, TestSchemas.SMALL, fatal);
  }

  private static long count(Database database) {
    return database.<Long>read(c -> Database.number(c, "SELECT COUNT(*) FROM entries"));
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
