package toystore.order.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.h2.engine.SessionLocal;
import org.h2.index.Index;
import org.h2.jdbc.JdbcConnection;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.db.log.LogPosition;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.Database;
import toystore.db.storage.Migrations;
import toystore.db.storage.RunningHash;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;
import toystore.node.replica.MissedStateFetcher;
import toystore.order.log.OrderLogCommand.Duplicate;
import toystore.order.log.OrderLogCommand.Entry;
import toystore.order.log.OrderLogCommand.Numbered;
import toystore.order.log.OrderLogCommand.Outcome;
import toystore.order.log.OrderLogCommand.Voided;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;

class OrderLogTest {
  private static final long NOW = 1_800_000_000_000L;

  /** A flush interval longer than any test: rows are written only when a test requests it. */
  private static final Duration NEVER = Duration.ofHours(1);

  private static final MissedStateFetcher.Source<Long, OrderPage> NO_OTHER_REPLICA =
      (leader, after) -> {
        throw new IOException("there is no other replica");
      };

  @TempDir private Path directory = Path.of("");
  private final List<Open> opened = new ArrayList<>();
  private @Nullable Open first;

  /** A log on an open file. The test applies its entries. */
  private static final class Open {
    final Database database;
    final OrderLog log;
    private final List<Throwable> fatal;
    private long index;

    Open(Path file, Duration interval, MissedStateFetcher.Source<Long, OrderPage> otherReplicas) {
      List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
      fatal = failures;
      database =
          Database.open(file, OrderTables.MIGRATIONS, new Database.Sizes(1024, 4), failures::add);
      try {
        log =
            new OrderLog(
                database, new WriteBehind.FlushPolicy(interval, 5_000, 20_000), otherReplicas);
      } catch (RuntimeException e) {
        database.close();
        throw e;
      }
      index = log.recoveredPosition().index() + 1;
    }

    Object apply(OrderLogCommand command) {
      return log.apply(new LogPosition(1, index++), command.encode());
    }

    @SuppressWarnings("unchecked")
    List<Outcome> place(Entry... entries) {
      return (List<Outcome>) apply(new OrderLogCommand.Place(NOW, List.of(entries)));
    }

    Outcome placeOne(Entry entry) {
      return place(entry).getFirst();
    }

    Hold.Outcomes resolve(Hold.InDoubt... holds) {
      return (Hold.Outcomes) apply(new OrderLogCommand.Resolve(NOW, List.of(holds)));
    }

    void write() {
      log.persist().join();
      assertThat(fatal).isEmpty();
    }

    void execute(String sql) {
      database
          .write(
              connection -> {
                try (var statement = connection.createStatement()) {
                  return statement.executeUpdate(sql);
                }
              })
          .join();
    }

    /** Removes the index entry of a row and keeps the row, as the loss of a page of H2 could. */
    void removeFromIndex(long number) {
      database
          .write(
              connection -> {
                SessionLocal session =
                    (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
                Index index =
                    session.getDatabase().getMainSchema().findIndex(session, "ORDERS_BY_ID");
                index.remove(session, index.getTable().getRow(session, number));
                return index;
              })
          .join();
    }

    void close() {
      database.close();
      assertThat(fatal).isEmpty();
    }
  }

  private static Hold.InDoubt doubt(Entry entry) {
    return new Hold.InDoubt(entry.holdId(), entry.orderId());
  }

  /** A doubtful hold whose order was never placed. */
  private static Hold.InDoubt doubt(UUID holdId) {
    return new Hold.InDoubt(holdId, Uuids.fresh());
  }

  private Open open(
      String name, Duration interval, MissedStateFetcher.Source<Long, OrderPage> otherReplicas) {
    Open fresh = new Open(directory.resolve(name), interval, otherReplicas);
    opened.add(fresh);
    return fresh;
  }

  @BeforeEach
  void firstStart() {
    first = open("orders", NEVER, NO_OTHER_REPLICA);
  }

  @AfterEach
  void close() {
    opened.forEach(Open::close);
  }

  private Open orders() {
    return Objects.requireNonNull(first);
  }

  /** Writes all rows, then closes the file and opens it again. */
  private Open reopen() {
    Open before = orders();
    before.write();
    before.close();
    opened.remove(before);
    Open after = open("orders", NEVER, NO_OTHER_REPLICA);
    first = after;
    return after;
  }

  private static Entry entry(UUID orderId, UUID holdId) {
    return new Entry(orderId, holdId, "Tux", 10, 1599, 2, NOW);
  }

  private static Entry fresh() {
    return entry(Uuids.fresh(), Uuids.fresh());
  }

  @Test
  @DisplayName("Order numbers start at 0 and have no gaps, across batches and restarts")
  void numbersAreDenseAcrossBatchesAndRestarts() {
    assertThat(orders().place(fresh(), fresh())).containsExactly(new Numbered(0), new Numbered(1));
    assertThat(orders().placeOne(fresh())).isEqualTo(new Numbered(2));
    reopen();

    assertThat(orders().placeOne(fresh())).isEqualTo(new Numbered(3));
    assertThat(orders().log.lookup().after(-1, 100))
        .extracting(OrderRow::number)
        .containsExactly(0L, 1L, 2L, 3L);
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("An order id is ordered once, whichever hold its entries name")
  void ordersAnOrderIdOnce(boolean written) {
    Entry entry = fresh();
    orders().placeOne(entry);
    if (written) {
      reopen();
    }
    OrderRow row = Objects.requireNonNull(orders().log.lookup().byNumber(0));

    assertThat(orders().placeOne(entry)).isEqualTo(new Duplicate(row));
    assertThat(orders().placeOne(entry(entry.orderId(), Uuids.fresh())))
        .isEqualTo(new Duplicate(row));
    assertThat(orders().log.head().orders()).isEqualTo(1);
  }

  @Test
  @DisplayName(
      "An order is found in the file even if its id is older than all ids in memory or derived from"
          + " a key")
  void findsAnOrderInTheFileByAnyKindOfId() {
    UUID old = new UUID((System.currentTimeMillis() - 3_600_000) << 16 | 0x7000, Long.MIN_VALUE);
    List<Entry> entries =
        List.of(
            fresh(),
            entry(Uuids.fromIdempotencyKey("a"), Uuids.fresh()),
            entry(old, Uuids.fresh()),
            entry(Uuids.fromIdempotencyKey("b"), Uuids.fresh()),
            fresh());
    orders().place(entries.toArray(Entry[]::new));
    reopen();
    for (int i = 0; i < 20_000; i += 1_000) {
      orders().place(Stream.generate(OrderLogTest::fresh).limit(1_000).toArray(Entry[]::new));
    }

    for (Entry entry : entries) {
      assertThat(orders().placeOne(entry)).isInstanceOf(Duplicate.class);
      assertThat(orders().log.lookup().existing(List.of(entry.orderId()))).hasSize(1);
    }
  }

  /** An entry can arrive after an install that contains its effects. */
  @Test
  @DisplayName("An entry that is not after the position changes nothing")
  void ignoresAnEntryUpToThePosition() {
    orders().placeOne(fresh());
    orders().placeOne(fresh());
    LogPosition reached = orders().log.applied();
    byte[] late = new OrderLogCommand.Place(NOW + 1, List.of(fresh())).encode();

    for (LogPosition at : List.of(reached, new LogPosition(1, reached.index() - 1))) {
      orders().log.apply(at, late);
      orders().log.skip(at);
    }
    reopen();

    assertThat(orders().log.applied()).isEqualTo(reached);
    assertThat(orders().log.head().orders()).isEqualTo(2);
  }

  @Test
  @DisplayName("A repetition within one batch is a duplicate")
  void findsADuplicateWithinABatch() {
    Entry entry = fresh();

    List<Outcome> outcomes = orders().place(entry, fresh(), entry);
    assertThat(outcomes.get(1)).isEqualTo(new Numbered(1));
    assertThat(outcomes.get(2))
        .isEqualTo(new Duplicate(Objects.requireNonNull(orders().log.lookup().byNumber(0))));
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("A doubtful hold that an order names is settled")
  void settlesADoubtfulHoldThatAnOrderNames(boolean written) {
    Entry entry = fresh();
    orders().placeOne(entry);
    if (written) {
      reopen();
    }

    assertThat(orders().resolve(doubt(entry)))
        .isEqualTo(new Hold.Outcomes(List.of(entry.holdId()), List.of()));
    assertThat(orders().log.tombstones()).isZero();
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("A doubtful hold without an order id, as older versions made it, is resolved")
  void resolvesADoubtfulHoldWithoutOrderId(boolean written) {
    Entry entry = fresh();
    orders().placeOne(entry);
    if (written) {
      reopen();
    }

    UUID other = Uuids.fresh();
    assertThat(
            orders().resolve(new Hold.InDoubt(entry.holdId(), null), new Hold.InDoubt(other, null)))
        .isEqualTo(new Hold.Outcomes(List.of(entry.holdId()), List.of(other)));
  }

  @Test
  @DisplayName("Holds without an order id are searched for among all orders")
  void searchesAllOrdersForHoldsWithoutOrderId() {
    Entry[] entries = Stream.generate(OrderLogTest::fresh).limit(2_001).toArray(Entry[]::new);
    orders().place(entries);
    reopen();
    List<UUID> named =
        IntStream.of(0, 999, 1_000, 2_000).mapToObj(i -> entries[i].holdId()).toList();
    UUID other = Uuids.fresh();

    Hold.Outcomes outcomes =
        orders()
            .resolve(
                Stream.concat(named.stream(), Stream.of(other))
                    .map(hold -> new Hold.InDoubt(hold, null))
                    .toArray(Hold.InDoubt[]::new));
    assertThat(outcomes).isEqualTo(new Hold.Outcomes(named, List.of(other)));
  }

  @Test
  @DisplayName(
      "The migration of a file of the first schema drops the index by hold and keeps the rows")
  void migratesAFileOfTheFirstSchema() {
    Migrations before = new Migrations(OrderTables.class, List.of("V1__order_log.sql"));
    Database old =
        Database.open(directory.resolve("old"), before, new Database.Sizes(1024, 1), failure -> {});
    Entry entry = fresh();
    orders().placeOne(entry);
    OrderRow row = Objects.requireNonNull(orders().log.lookup().byNumber(0));
    old.write(
            transaction -> {
              OrderTables.write(transaction, List.of(new OrderRowChange.Placed(row)));
              return true;
            })
        .join();
    assertThat(indexes(old)).contains("ORDERS_BY_ID", "ORDERS_BY_HOLD");
    old.close();

    Open upgraded = open("old", NEVER, NO_OTHER_REPLICA);
    assertThat(indexes(upgraded.database))
        .contains("ORDERS_BY_ID")
        .doesNotContain("ORDERS_BY_HOLD");
    assertThat(upgraded.log.lookup().after(-1, 9)).containsExactly(row);
    assertThat(upgraded.resolve(new Hold.InDoubt(entry.holdId(), null)).settled())
        .containsExactly(entry.holdId());
  }

  private static List<String> indexes(Database database) {
    return database.read(
        connection -> {
          List<String> names = new ArrayList<>();
          try (var statement = connection.createStatement();
              var rows =
                  statement.executeQuery(
                      "SELECT index_name FROM information_schema.indexes"
                          + " WHERE table_name = 'ORDERS'")) {
            while (rows.next()) {
              names.add(rows.getString(1));
            }
          }
          return names;
        });
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("A doubtful hold is released if its order names another hold")
  void releasesADoubtfulHoldIfItsOrderNamesAnother(boolean written) {
    Entry entry = fresh();
    orders().placeOne(entry);
    if (written) {
      reopen();
    }

    UUID second = Uuids.fresh();
    assertThat(orders().resolve(new Hold.InDoubt(second, entry.orderId())).released())
        .containsExactly(second);
    assertThat(orders().placeOne(entry(Uuids.fresh(), second))).isEqualTo(new Voided());
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("A doubtful hold that no order names can never be used again")
  void tombstonesADoubtfulHoldThatNoOrderNames(boolean written) {
    Entry late = fresh();
    assertThat(orders().resolve(doubt(late)))
        .isEqualTo(new Hold.Outcomes(List.of(), List.of(late.holdId())));
    if (written) {
      reopen();
    }

    assertThat(orders().placeOne(late)).isEqualTo(new Voided());
    assertThat(orders().log.head().orders()).isZero();
    assertThat(orders().resolve(doubt(late)).released()).containsExactly(late.holdId());
    assertThat(orders().log.tombstones()).isEqualTo(1);
    assertThat(orders().placeOne(entry(late.orderId(), Uuids.fresh())))
        .as("a fresh hold is accepted")
        .isEqualTo(new Numbered(0));
  }

  @Test
  @DisplayName("Entries from before the prune horizon are void, and their tombstones are deleted")
  void voidsEntriesFromBeforeThePruneHorizon() {
    Entry early = fresh();
    orders().resolve(doubt(early));
    orders().apply(new OrderLogCommand.Prune(NOW, NOW + 1));
    reopen();

    assertThat(orders().log.tombstones()).isZero();
    assertThat(orders().placeOne(early)).isEqualTo(new Voided());
    Entry later = new Entry(early.orderId(), Uuids.fresh(), "Tux", 10, 1599, 2, NOW + 1);
    assertThat(orders().placeOne(later)).isEqualTo(new Numbered(0));
  }

  @Test
  @DisplayName("The prune horizon never moves back")
  void thePruneHorizonNeverMovesBack() {
    orders().apply(new OrderLogCommand.Prune(NOW, NOW + 1));
    orders().apply(new OrderLogCommand.Prune(NOW, NOW - 1));

    assertThat(orders().placeOne(fresh())).isEqualTo(new Voided());
  }

  @Test
  @DisplayName("A hold that is resolved again after its tombstone was pruned gets a new tombstone")
  void writesATombstoneAgainAfterAPrune() {
    UUID hold = Uuids.fresh();
    orders().resolve(doubt(hold));
    orders().write();
    // One transaction writes the prune and the new tombstone of the same hold.
    orders().apply(new OrderLogCommand.Prune(NOW + 5, NOW + 1));
    orders().apply(new OrderLogCommand.Resolve(NOW + 6, List.of(doubt(hold))));
    orders().write();
    reopen();

    assertThat(orders().log.tombstones()).isEqualTo(1);
  }

  @Test
  @DisplayName("A fence returns the number of orders and changes nothing")
  void aFenceReturnsTheNumberOfOrders() {
    orders().place(fresh(), fresh());
    LogPrefix before = orders().log.head();

    assertThat(orders().apply(new OrderLogCommand.Fence(NOW))).isEqualTo(2L);
    assertThat(orders().log.head()).isEqualTo(before);
    assertThat(orders().log.applied()).isEqualTo(new LogPosition(1, 1));
  }

  @Test
  @DisplayName("A reopened file continues with the same hash")
  void aReopenedFileHasTheSameHash() {
    orders().place(fresh(), fresh());
    LogPrefix before = orders().log.head();
    reopen();

    assertThat(orders().log.head()).isEqualTo(before);
    assertThat(orders().log.recoveredPosition()).isEqualTo(new LogPosition(1, 0));
    assertThat(orders().log.logTimeMs()).isEqualTo(NOW);
  }

  @Test
  @DisplayName(
      "Replicas with the same entries have the same rows and hash, whenever they write to H2")
  void replicasAreEqualWheneverTheyWrite() {
    Open other = open("other", Duration.ofMillis(1), NO_OTHER_REPLICA);
    for (int i = 0; i < 20; i++) {
      Entry entry = fresh();
      UUID hold = Uuids.fresh();
      for (Open replica : List.of(orders(), other)) {
        replica.place(entry, entry);
        replica.resolve(doubt(hold), doubt(entry));
      }
    }
    other.write();

    assertThat(other.log.head()).isEqualTo(orders().log.head());
    assertThat(other.log.lookup().after(-1, 100)).isEqualTo(orders().log.lookup().after(-1, 100));
  }

  /**
   * Rows carry the log's time. Commands can reach the log in another order than that of their
   * times, so the time of an entry that changed no row can determine the time of a later row.
   */
  @Test
  @DisplayName("Replicas stay equal if one restarts after an entry that only moved the time")
  void replicasAreEqualAfterATimeOnlyEntry() {
    Open steady = open("steady", NEVER, NO_OTHER_REPLICA);
    Entry first = fresh();
    Entry next = fresh();
    for (OrderLogCommand command :
        List.of(
            new OrderLogCommand.Place(NOW, List.of(first)),
            new OrderLogCommand.Place(NOW + 9, List.of(first)),
            new OrderLogCommand.Fence(NOW + 10))) {
      orders().apply(command);
      steady.apply(command);
      reopen();
    }
    OrderLogCommand late = new OrderLogCommand.Place(NOW + 1, List.of(next));
    orders().apply(late);
    steady.apply(late);

    assertThat(orders().log.lookup().after(-1, 10)).isEqualTo(steady.log.lookup().after(-1, 10));
    assertThat(orders().log.head()).isEqualTo(steady.log.head());
  }

  @Test
  @DisplayName("The running hash covers every column")
  void theHashCoversEveryColumn() {
    Entry base = fresh();
    List<Entry> variants =
        List.of(
            base,
            entry(Uuids.fresh(), base.holdId()),
            entry(base.orderId(), Uuids.fresh()),
            new Entry(base.orderId(), base.holdId(), "Fox", 10, 1599, 2, NOW),
            new Entry(base.orderId(), base.holdId(), "Tux", 11, 1599, 2, NOW),
            new Entry(base.orderId(), base.holdId(), "Tux", 10, 1600, 2, NOW),
            new Entry(base.orderId(), base.holdId(), "Tux", 10, 1599, 3, NOW));
    RunningHash hasher = new RunningHash();
    List<OrderRow.Hash> hashes =
        new ArrayList<>(
            variants.stream()
                .map(e -> OrderRow.next(hasher, 0, OrderRow.Hash.START, e, NOW, 0).hash())
                .toList());
    hashes.add(OrderRow.next(hasher, 1, OrderRow.Hash.START, base, NOW, 0).hash());
    hashes.add(OrderRow.next(hasher, 0, OrderRow.Hash.START, base, NOW + 1, 0).hash());
    hashes.add(OrderRow.next(hasher, 0, OrderRow.Hash.START, base, NOW, 1).hash());
    hashes.add(OrderRow.next(hasher, 0, hashes.getFirst(), base, NOW, 0).hash());

    assertThat(hashes).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE orders SET quantity = 11 WHERE number = 3",
        "UPDATE orders SET name = 'Fox' WHERE number = 3",
        "UPDATE orders SET hash = X'00000000000000000000000000000000' WHERE number = 4",
        "DELETE FROM orders WHERE number = 3",
      })
  @DisplayName("A start finds a row that was changed or deleted")
  void aStartFindsAChangedRow(String damage) {
    for (int i = 0; i < 5; i++) {
      orders().placeOne(fresh());
    }
    orders().write();
    orders().execute(damage);

    assertThatThrownBy(this::reopen)
        .isInstanceOf(StorageException.class)
        .hasMessageMatching("order [34] (does not match its running hash|is missing).*");
  }

  @Test
  @DisplayName("A start does not check rows that an earlier start has checked")
  void aStartDoesNotCheckRowsAgain() {
    orders().place(fresh(), fresh());
    reopen();
    orders().placeOne(fresh());
    reopen();
    var verified = orders().database.read(OrderVerification::verifiedAtStart);

    assertThat(verified).isEqualTo(new LogPrefix(3, orders().log.head().hash()));
  }

  @Test
  @DisplayName("A replica installs the orders that it missed and continues the log")
  void installsMissedOrders() throws IOException {
    Open behind = open("behind", NEVER, (leader, after) -> orders().log.missedAfter(after, 1_000));
    Entry early = fresh();
    orders().placeOne(early);
    behind.placeOne(early);
    UUID tombstoned = Uuids.fresh();
    for (int i = 0; i < 7; i++) {
      orders().placeOne(fresh());
      orders().resolve(doubt(tombstoned));
    }
    orders().write();
    Entry last = fresh();
    orders().placeOne(last);

    assertThat(behind.log.install("order-3")).isEqualTo(orders().log.applied());
    behind.index = orders().log.applied().index() + 1;
    assertThat(behind.log.head()).isEqualTo(orders().log.head());
    assertThat(behind.log.lookup().after(-1, 100)).isEqualTo(orders().log.lookup().after(-1, 100));
    assertThat(behind.placeOne(entry(Uuids.fresh(), tombstoned))).isEqualTo(new Voided());
    assertThat(behind.placeOne(last)).isInstanceOf(Duplicate.class);
    assertThat(behind.placeOne(fresh())).isEqualTo(new Numbered(9));
  }

  @Test
  @DisplayName("Installed orders survive a restart")
  void installedOrdersSurviveARestart() throws IOException {
    for (int i = 0; i < 3; i++) {
      orders().placeOne(fresh());
    }
    MissedStateFetcher.Source<Long, OrderPage> missed =
        (leader, after) -> orders().log.missedAfter(after, 1_000);
    Open behind = open("behind", NEVER, missed);
    behind.log.install("order-3");
    behind.close();
    opened.remove(behind);

    Open again = open("behind", NEVER, missed);
    assertThat(again.log.head()).isEqualTo(orders().log.head());
    assertThat(again.log.recoveredPosition()).isEqualTo(orders().log.applied());
  }

  /** Pages of ten orders of another replica. Fails from a given order on. */
  private final class FailingPages implements MissedStateFetcher.Source<Long, OrderPage> {
    final List<Long> requested = new ArrayList<>();
    long failFrom = Long.MAX_VALUE;

    @Override
    public OrderPage fetch(String member, Long afterNumber) throws IOException {
      requested.add(afterNumber + 1);
      if (afterNumber + 1 >= failFrom) {
        throw new IOException("planted");
      }
      return OrderPageCodec.decode(
          OrderPageCodec.encode(orders().log.missedAfter(afterNumber, 10)));
    }
  }

  @Test
  @DisplayName("An interrupted install continues after its last page")
  void resumesAnInterruptedInstall() throws IOException {
    for (int i = 0; i < 15; i++) {
      orders().place(fresh(), fresh(), fresh());
      orders().resolve(doubt(Uuids.fresh()));
    }
    FailingPages pages = new FailingPages();
    pages.failFrom = 20;
    Open behind = open("behind", NEVER, pages);

    assertThatThrownBy(() -> behind.log.install("order-3")).hasMessage("planted");
    assertThat(behind.log.recoveredPosition()).isEqualTo(LogPosition.NONE);
    assertThat(behind.log.head().orders()).isEqualTo(20);
    behind.close();
    opened.remove(behind);
    pages.failFrom = Long.MAX_VALUE;
    pages.requested.clear();
    Open again = open("behind", NEVER, pages);

    assertThat(again.log.head().orders()).isEqualTo(20);
    assertThat(again.log.install("order-3")).isEqualTo(orders().log.applied());
    assertThat(pages.requested).containsExactly(20L, 30L, 40L);
    assertThat(again.log.head()).isEqualTo(orders().log.head());
    assertThat(again.log.tombstones()).isEqualTo(15);
    assertThat(again.log.fetched()).containsExactly(new FetchedOrders.Range("order-3", 20, 44));
  }

  /** A new leader whose log starts earlier may send the entries of installed rows. */
  @Test
  @DisplayName("Entries whose rows an interrupted install has brought change nothing")
  void ignoresEntriesWhoseRowsAreInstalled() throws IOException {
    List<OrderLogCommand> commands = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      Entry entry = fresh();
      UUID tombstoned = Uuids.fresh();
      commands.add(new OrderLogCommand.Place(NOW + i, List.of(entry, fresh())));
      commands.add(new OrderLogCommand.Resolve(NOW + i, List.of(doubt(tombstoned), doubt(entry))));
      commands.add(
          new OrderLogCommand.Place(
              NOW + i - 5, List.of(entry(Uuids.fresh(), tombstoned), fresh())));
      commands.add(new OrderLogCommand.Prune(NOW + i, NOW + i - 9));
    }
    commands.forEach(orders()::apply);
    FailingPages pages = new FailingPages();
    pages.failFrom = 20;
    Open behind = open("behind", NEVER, pages);
    assertThatThrownBy(() -> behind.log.install("order-3")).hasMessage("planted");

    commands.forEach(behind::apply);
    behind.write();

    assertThat(behind.log.head()).isEqualTo(orders().log.head());
    assertThat(behind.log.lookup().after(-1, 100)).isEqualTo(orders().log.lookup().after(-1, 100));
    assertThat(behind.log.tombstones()).isEqualTo(orders().log.tombstones());
    assertThat(behind.log.applied()).isEqualTo(orders().log.applied());
    assertThat(behind.log.logTimeMs()).isEqualTo(orders().log.logTimeMs());
  }

  @Test
  @DisplayName("100,000 missed orders, and only those, are installed in a few seconds")
  void installs100000MissedOrdersInSeconds() throws IOException {
    int missed = 100_000;
    Entry early = fresh();
    Open behind =
        open(
            "behind",
            NEVER,
            (member, after) ->
                OrderPageCodec.decode(
                    OrderPageCodec.encode(
                        orders().log.missedAfter(after, MissedStateFetcher.PAGE_ROWS))));
    orders().placeOne(early);
    behind.placeOne(early);
    for (int i = 0; i < missed / 500; i++) {
      Entry[] batch = new Entry[500];
      Arrays.setAll(batch, n -> fresh());
      orders().place(batch);
    }
    orders().write();
    long begin = System.nanoTime();

    behind.log.install("order-3");

    long tookMs = (System.nanoTime() - begin) / 1_000_000;
    System.out.println(missed + " missed orders in " + tookMs + " ms");
    assertThat(behind.log.head()).isEqualTo(orders().log.head());
    assertThat(behind.log.fetched()).containsExactly(new FetchedOrders.Range("order-3", 1, missed));
    assertThat(tookMs).isLessThan(10_000);
  }

  @Test
  @DisplayName("A damaged page of missed orders is rejected")
  void rejectsADamagedPage() {
    orders().place(fresh(), fresh());
    byte[] page = OrderCatchUp.page(orders().log, 0);

    assertThatThrownBy(() -> OrderPageCodec.decode(Arrays.copyOf(page, page.length - 3)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> OrderPageCodec.decode(Arrays.copyOf(page, page.length + 1)))
        .isInstanceOf(IOException.class);
  }

  @Test
  @DisplayName("The scrub finds a changed row that a start no longer checks")
  void theScrubFindsAChangedOldRow() {
    for (int i = 0; i < 8; i++) {
      orders().placeOne(fresh());
    }
    reopen();
    orders().execute("UPDATE orders SET quantity = 11 WHERE number = 5");
    reopen();
    List<StorageException> found = new ArrayList<>();
    try (OrderLogScrub scrub =
        new OrderLogScrub(orders().log.verification(), 3, Duration.ofSeconds(1), found::add)) {
      scrub.checkNextRows();
      assertThat(scrub.reached()).isEqualTo(3);

      assertThatThrownBy(scrub::checkNextRows)
          .isInstanceOf(DamagedFileException.class)
          .hasMessageContaining("order 5 does not match");
      await().untilAsserted(() -> assertThat(found).hasSize(1));
    }
  }

  /** The row and its hash are correct. */
  @Test
  @DisplayName("The scrub finds a row that the index of order ids has lost")
  void theScrubFindsALostIndexEntry() {
    for (int i = 0; i < 5; i++) {
      orders().placeOne(fresh());
    }
    orders().write();
    orders().removeFromIndex(3);

    try (OrderLogScrub scrub =
        new OrderLogScrub(orders().log.verification(), 5, Duration.ofSeconds(1), found -> {})) {
      assertThatThrownBy(scrub::checkNextRows)
          .isInstanceOf(DamagedFileException.class)
          .hasMessageContaining("does not lead to order 3");
    }
  }

  @Test
  @DisplayName("The scrub starts again after the last row")
  void theScrubRestartsAfterTheLastRow() {
    for (int i = 0; i < 5; i++) {
      orders().placeOne(fresh());
    }
    orders().write();
    try (OrderLogScrub scrub =
        new OrderLogScrub(orders().log.verification(), 3, Duration.ofSeconds(1), found -> {})) {
      scrub.checkNextRows();
      scrub.checkNextRows();
      assertThat(scrub.reached()).isZero();
    }
  }

  @Test
  @DisplayName("A start checks only the newest rows")
  void aStartChecksOnlyTheNewestRows() {
    for (int i = 0; i < 8; i++) {
      orders().placeOne(fresh());
    }
    orders().write();

    assertThat(orders().database.read(c -> OrderVerification.start(c, 3)).orders()).isEqualTo(5);
    assertThat(orders().database.read(c -> OrderVerification.start(c, 8)).orders()).isZero();
  }

  @Test
  @DisplayName("A start finds that rows are missing at the end")
  void aStartFindsMissingLastRows() {
    orders().place(fresh(), fresh(), fresh());
    reopen();
    orders().execute("DELETE FROM orders WHERE number = 2");

    assertThatThrownBy(this::reopen)
        .isInstanceOf(StorageException.class)
        .hasMessage("order 2 is missing; the last is 1");
  }

  @Test
  @DisplayName("An install changes nothing if the replica missed nothing")
  void anInstallWithoutMissedOrdersChangesNothing() throws IOException {
    orders().place(fresh(), fresh());
    Open same = open("same", NEVER, (leader, after) -> orders().log.missedAfter(after, 1_000));
    same.log.install("order-3");
    LogPrefix before = same.log.head();

    assertThat(same.log.install("order-3")).isEqualTo(orders().log.applied());
    assertThat(same.log.head()).isEqualTo(before);
  }

  @Test
  @DisplayName("Rows that do not continue the log are rejected")
  void rejectsRowsThatDoNotContinueTheLog() {
    orders().placeOne(fresh());
    orders().placeOne(fresh());
    Open diverged =
        open("diverged", NEVER, (leader, after) -> orders().log.missedAfter(after, 1_000));
    diverged.placeOne(fresh());
    LogPrefix before = diverged.log.head();

    assertThatThrownBy(() -> diverged.log.install("order-3"))
        .isInstanceOf(IOException.class)
        .hasMessage("order 1 does not continue this replica's log");
    assertThat(diverged.log.head()).isEqualTo(before);
  }

  @Test
  @DisplayName("A crash loses unwritten rows; the replay of their entries gives the same rows")
  void replayAfterACrashGivesTheSameRows() throws IOException {
    List<OrderLogCommand> commands = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Entry entry = fresh();
      commands.add(new OrderLogCommand.Place(NOW + i, List.of(entry, fresh(), entry)));
      commands.add(
          new OrderLogCommand.Resolve(NOW + i, List.of(doubt(Uuids.fresh()), doubt(entry))));
    }
    for (int i = 0; i < commands.size(); i++) {
      orders().apply(commands.get(i));
      if (i == 25) {
        orders().write();
        Files.copy(directory.resolve("orders.mv.db"), directory.resolve("crashed.mv.db"));
      }
    }

    Open crashed = open("crashed", NEVER, NO_OTHER_REPLICA);
    assertThat(crashed.log.recoveredPosition().index()).isEqualTo(25);
    for (int i = 26; i < commands.size(); i++) {
      crashed.apply(commands.get(i));
    }
    assertThat(crashed.log.head()).isEqualTo(orders().log.head());
    assertThat(crashed.log.tombstones()).isEqualTo(orders().log.tombstones());
  }

  @Test
  @DisplayName("Readers find every row while it moves from memory to H2")
  void readersFindRowsWhileTheyAreWritten() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Open busy = open("busy", Duration.ofMillis(1), NO_OTHER_REPLICA);
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Integer> reader =
        CompletableFuture.supplyAsync(() -> readUntil(done, busy.log, new Random(seed + 1)));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
    while (System.nanoTime() - deadline < 0 && !reader.isDone()) {
      Entry[] batch = new Entry[1 + random.nextInt(20)];
      for (int i = 0; i < batch.length; i++) {
        batch[i] = fresh();
      }
      busy.place(batch);
    }
    done.set(true);

    assertThat(reader.get(20, TimeUnit.SECONDS)).as("reads").isGreaterThan(10);
    await().untilAsserted(() -> assertThat(busy.log.pendingRows()).isZero());
    assertThat(busy.log.verification().scrub(LogPrefix.EMPTY, Integer.MAX_VALUE).orders())
        .isEqualTo(busy.log.head().orders());
  }

  /**
   * Reads at random places. Each result must contain, without gaps, all orders that had been
   * applied when the read began.
   */
  private static int readUntil(AtomicBoolean done, OrderLog log, Random random) {
    int reads = 0;
    while (!done.get()) {
      long orders = log.head().orders();
      if (orders == 0) {
        continue;
      }
      long from = random.nextLong(orders) - 1;
      int limit = 1 + random.nextInt(200);
      List<OrderRow> rows = log.lookup().after(from, limit);
      assertThat((long) rows.size()).isGreaterThanOrEqualTo(Math.min(limit, orders - from - 1));
      for (int i = 0; i < rows.size(); i++) {
        assertThat(rows.get(i).number()).isEqualTo(from + 1 + i);
      }
      long number = random.nextLong(orders);
      OrderRow row = log.lookup().byNumber(number);
      assertThat(row).as("order %d of %d", number, orders).isNotNull();
      UUID id = Objects.requireNonNull(row).orderId();
      assertThat(log.lookup().byOrderId(id)).isEqualTo(row);
      assertThat(log.lookup().existing(List.of(id, Uuids.fresh()))).containsOnlyKeys(id);
      reads++;
    }
    return reads;
  }
}
