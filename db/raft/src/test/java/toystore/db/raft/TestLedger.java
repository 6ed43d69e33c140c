package toystore.db.raft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.Migrations;
import toystore.db.storage.WriteBehind;

/** A minimal replicated state: a numbered list of ids, which is stored in a real H2 file. */
public final class TestLedger implements ReplicatedState, AutoCloseable {
  /** Applying a command with this id throws an exception. */
  static final long POISON = -1;

  /** Finds the ledger of another member. A node would use HTTP instead. */
  @FunctionalInterface
  interface PeerLedgers {
    TestLedger of(String member) throws IOException;
  }

  private record Row(long number, long id) {}

  private record Missed(LogPosition position, List<Long> ids) {}

  private final Database database;
  private final WriteBehind<Row> writer;
  private final PeerLedgers peers;
  private final AtomicInteger installs = new AtomicInteger();
  private final AtomicInteger installsToFail = new AtomicInteger();
  private final AtomicBoolean blockNextInstall = new AtomicBoolean();
  private final List<String> installedFrom = new CopyOnWriteArrayList<>();

  private final List<Long> ids;
  private LogPosition applied;

  TestLedger(Path file, PeerLedgers peers, Consumer<Throwable> onFatal) {
    this.peers = peers;
    this.database =
        Database.open(
            file,
            new Migrations(TestLedger.class, List.of("ledger.sql")),
            new Database.Sizes(1_024, 1),
            onFatal);
    this.ids = database.read(TestLedger::allIds);
    this.writer =
        new WriteBehind<>(
            database,
            TestLedger::insert,
            new WriteBehind.FlushPolicy(Duration.ofMillis(20), 500, 2_000),
            position -> {});
    this.applied = writer.persisted();
  }

  /** A command with this id, padded to this many bytes. */
  public static byte[] command(long id, int bytes) {
    return ByteBuffer.allocate(Math.max(bytes, Long.BYTES)).putLong(id).array();
  }

  /** Makes this many of the next installs fail. */
  void failInstalls(int count) {
    installsToFail.set(count);
  }

  /** Makes the next install block until it is interrupted. */
  void blockNextInstall() {
    blockNextInstall.set(true);
  }

  /** The members from which this ledger was asked to install the state, in order. */
  List<String> installedFrom() {
    return installedFrom;
  }

  /** How often {@link #install} was called. */
  int installs() {
    return installs.get();
  }

  public synchronized List<Long> ids() {
    return List.copyOf(ids);
  }

  public synchronized int size() {
    return ids.size();
  }

  /** The ids in the file. */
  List<Long> written() {
    return database.read(TestLedger::allIds);
  }

  @Override
  public synchronized LogPosition recoveredPosition() {
    return applied;
  }

  @Override
  public synchronized Object apply(LogPosition position, byte[] command) {
    long id = ByteBuffer.wrap(command).getLong();
    if (id == POISON) {
      throw new IllegalArgumentException("planted");
    }
    long number = ids.size();
    ids.add(id);
    advance(position, List.of(new Row(number, id)));
    return number;
  }

  @Override
  public synchronized void skip(LogPosition position) {
    advance(position, List.of());
  }

  private void advance(LogPosition position, List<Row> rows) {
    if (position.index() <= applied.index()) {
      throw new IllegalStateException(position + " after " + applied);
    }
    applied = position;
    writer.append(position, rows);
  }

  @Override
  public boolean applyMayBlock() {
    return writer.isHalfFull();
  }

  @Override
  public CompletableFuture<LogPosition> persist() {
    return writer.drain();
  }

  @Override
  public LogPosition install(String leader) throws IOException {
    installs.incrementAndGet();
    installedFrom.add(leader);
    if (blockNextInstall.getAndSet(false)) {
      waitUntilInterrupted();
    }
    if (installsToFail.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      throw new IOException("planted: " + leader + " does not answer");
    }
    Missed missed = peers.of(leader).missedAfter(size());
    synchronized (this) {
      List<Row> rows = new ArrayList<>();
      for (long id : missed.ids()) {
        rows.add(new Row(ids.size(), id));
        ids.add(id);
      }
      applied = missed.position();
      return writer.install(applied, rows).join();
    }
  }

  private static void waitUntilInterrupted() throws IOException {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private synchronized Missed missedAfter(int size) {
    return new Missed(applied, List.copyOf(ids.subList(size, ids.size())));
  }

  private static List<Long> allIds(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT id FROM ledger ORDER BY number")) {
      List<Long> ids = new ArrayList<>();
      while (rows.next()) {
        ids.add(rows.getLong(1));
      }
      return ids;
    }
  }

  private static void insert(Connection transaction, List<Row> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    try (PreparedStatement insert =
        transaction.prepareStatement("INSERT INTO ledger VALUES (?, ?)")) {
      for (Row row : rows) {
        insert.setLong(1, row.number());
        insert.setLong(2, row.id());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /** Closes the file. Changes that are not yet written are lost, as in a crash. */
  @Override
  public void close() {
    database.close();
  }
}
