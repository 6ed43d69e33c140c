package toystore.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.db.log.LogPosition;
import toystore.db.storage.Database;
import toystore.db.storage.Migrations;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;
import toystore.order.OrderLogCommand.Duplicate;
import toystore.order.OrderLogCommand.Entry;
import toystore.order.OrderLogCommand.Numbered;
import toystore.order.OrderLogCommand.Outcome;
import toystore.order.OrderLogCommand.Voided;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;

class OrderLogTest {
  private static final long NOW = 1_800_000_000_000L;

  /** So long that nothing is written but when a test asks for it. */
  private static final Duration NEVER = Duration.ofHours(1);

  private static final OrderLog.MissedOrders NOBODY =
      (leader, after) -> {
        throw new IOException("there is no other replica");
      };

  @TempDir private Path directory = Path.of("");
  private final List<Open> opened = new ArrayList<>();
  private @Nullable Open first;

  /** A log on an open file, fed entry by entry. */
  private static final class Open {
    final Database database;
    final OrderLog log;
    private final List<Throwable> fatal;
    private long index;

    Open(Path file, Duration interval, OrderLog.MissedOrders missed) {
      List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
      fatal = failures;
      database =
          Database.open(file, OrderTables.MIGRATIONS, new Database.Sizes(1024, 4), failures::add);
      try {
        log = new OrderLog(database, new WriteBehind.Pace(interval, 5_000, 20_000), missed);
      } catch (RuntimeException e) {
        database.close();
        throw e;
      }
      index = log.recovered().index() + 1;
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

    Hold.Outcomes resolve(Hold.Doubt... holds) {
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

    /** As a page that was lost would: the row stays, what leads from its id to it does not. */
    void loseFromIndex(long number) {
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

  private static Hold.Doubt doubt(Entry entry) {
    return new Hold.Doubt(entry.holdId(), entry.orderId());
  }

  /** A hold that was made for an order which did not come. */
  private static Hold.Doubt doubt(UUID holdId) {
    return new Hold.Doubt(holdId, Uuids.fresh());
  }

  private Open open(String name, Duration interval, OrderLog.MissedOrders missed) {
    Open fresh = new Open(directory.resolve(name), interval, missed);
    opened.add(fresh);
    return fresh;
  }

  @BeforeEach
  void firstStart() {
    first = open("orders", NEVER, NOBODY);
  }

  @AfterEach
  void close() {
    opened.forEach(Open::close);
  }

  private Open orders() {
    return Objects.requireNonNull(first);
  }

  /** Writes, closes and opens the file again. */
  private Open reopen() {
    Open before = orders();
    before.write();
    before.close();
    opened.remove(before);
    Open after = open("orders", NEVER, NOBODY);
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
  void numbersAreDenseFromZeroAlsoAcrossBatchesAndRestarts() {
    assertThat(orders().place(fresh(), fresh())).containsExactly(new Numbered(0), new Numbered(1));
    assertThat(orders().placeOne(fresh())).isEqualTo(new Numbered(2));
    reopen();

    assertThat(orders().placeOne(fresh())).isEqualTo(new Numbered(3));
    assertThat(orders().log.after(-1, 100))
        .extracting(OrderRow::number)
        .containsExactly(0L, 1L, 2L, 3L);
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  void anOrderIdIsOrderedOnceWhateverHoldItComesWith(boolean written) {
    Entry entry = fresh();
    orders().placeOne(entry);
    if (written) {
      reopen();
    }
    OrderRow row = Objects.requireNonNull(orders().log.byNumber(0));

    assertThat(orders().placeOne(entry)).isEqualTo(new Duplicate(row));
    assertThat(orders().placeOne(entry(entry.orderId(), Uuids.fresh())))
        .isEqualTo(new Duplicate(row));
    assertThat(orders().log.head().orders()).isEqualTo(1);
  }

  /** Ids that are made of keys, or older than all that are in memory. */
  @Test
  void anOrderIsFoundInTheFileWhateverItsId() {
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
      assertThat(orders().log.existing(List.of(entry.orderId()))).hasSize(1);
    }
  }

  /** It was on its way here when an install ended that brought what came of it. */
  @Test
  void anEntryThatIsNotAfterThePositionChangesNothing() {
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
  void aRepetitionWithinOneBatchIsADuplicateToo() {
    Entry entry = fresh();

    List<Outcome> outcomes = orders().place(entry, fresh(), entry);
    assertThat(outcomes.get(1)).isEqualTo(new Numbered(1));
    assertThat(outcomes.get(2))
        .isEqualTo(new Duplicate(Objects.requireNonNull(orders().log.byNumber(0))));
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  void aDoubtfulHoldThatAnOrderNamesIsSettled(boolean written) {
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
  void aDoubtfulHoldOfAnOlderVersionDoesNotSayItsOrder(boolean written) {
    Entry entry = fresh();
    orders().placeOne(entry);
    if (written) {
      reopen();
    }

    UUID other = Uuids.fresh();
    assertThat(orders().resolve(new Hold.Doubt(entry.holdId(), null), new Hold.Doubt(other, null)))
        .isEqualTo(new Hold.Outcomes(List.of(entry.holdId()), List.of(other)));
  }

  @Test
  void holdsOfAnOlderVersionAreLookedForAmongAllOrders() {
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
                    .map(hold -> new Hold.Doubt(hold, null))
                    .toArray(Hold.Doubt[]::new));
    assertThat(outcomes).isEqualTo(new Hold.Outcomes(named, List.of(other)));
  }

  @Test
  void aFileOfTheFirstSchemaLosesItsIndexByHoldAndNothingElse() {
    Migrations before = new Migrations(OrderTables.class, List.of("V1__order_log.sql"));
    Database old =
        Database.open(directory.resolve("old"), before, new Database.Sizes(1024, 1), failure -> {});
    Entry entry = fresh();
    orders().placeOne(entry);
    OrderRow row = Objects.requireNonNull(orders().log.byNumber(0));
    old.write(
            transaction -> {
              OrderTables.write(transaction, List.of(new OrderRowChange.Placed(row)));
              return true;
            })
        .join();
    assertThat(indexes(old)).contains("ORDERS_BY_ID", "ORDERS_BY_HOLD");
    old.close();

    Open upgraded = open("old", NEVER, NOBODY);
    assertThat(indexes(upgraded.database))
        .contains("ORDERS_BY_ID")
        .doesNotContain("ORDERS_BY_HOLD");
    assertThat(upgraded.log.after(-1, 9)).containsExactly(row);
    assertThat(upgraded.resolve(new Hold.Doubt(entry.holdId(), null)).settled())
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
  void aDoubtfulHoldWhoseOrderNamesAnotherOneIsReleased(boolean written) {
    Entry entry = fresh();
    orders().placeOne(entry);
    if (written) {
      reopen();
    }

    UUID second = Uuids.fresh();
    assertThat(orders().resolve(new Hold.Doubt(second, entry.orderId())).released())
        .containsExactly(second);
    assertThat(orders().placeOne(entry(Uuids.fresh(), second))).isEqualTo(new Voided());
  }

  @ParameterizedTest(name = "written first: {0}")
  @ValueSource(booleans = {false, true})
  void aDoubtfulHoldThatNoOrderNamesCanNeverBeUsedAgain(boolean written) {
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
        .as("a fresh hold goes through")
        .isEqualTo(new Numbered(0));
  }

  @Test
  void whatWasAskedForBeforeThePruneIsVoidAndItsTombstoneForgotten() {
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
  void thePruneHorizonNeverGoesBack() {
    orders().apply(new OrderLogCommand.Prune(NOW, NOW + 1));
    orders().apply(new OrderLogCommand.Prune(NOW, NOW - 1));

    assertThat(orders().placeOne(fresh())).isEqualTo(new Voided());
  }

  @Test
  void aHoldThatIsResolvedAgainAfterThePruneIsWrittenLikeAnyOther() {
    UUID hold = Uuids.fresh();
    orders().resolve(doubt(hold));
    orders().write();
    // In one transaction: what is forgotten comes back before it is deleted.
    orders().apply(new OrderLogCommand.Prune(NOW + 5, NOW + 1));
    orders().apply(new OrderLogCommand.Resolve(NOW + 6, List.of(doubt(hold))));
    orders().write();
    reopen();

    assertThat(orders().log.tombstones()).isEqualTo(1);
  }

  @Test
  void aFenceTellsHowManyOrdersThereAreAndChangesNothing() {
    orders().place(fresh(), fresh());
    OrderLog.Head before = orders().log.head();

    assertThat(orders().apply(new OrderLogCommand.Fence(NOW))).isEqualTo(2L);
    assertThat(orders().log.head()).isEqualTo(before);
    assertThat(orders().log.applied()).isEqualTo(new LogPosition(1, 1));
  }

  @Test
  void aReopenedFileContinuesWithTheSameHash() {
    orders().place(fresh(), fresh());
    OrderLog.Head before = orders().log.head();
    reopen();

    assertThat(orders().log.head()).isEqualTo(before);
    assertThat(orders().log.recovered()).isEqualTo(new LogPosition(1, 0));
    assertThat(orders().log.logTimeMs()).isEqualTo(NOW);
  }

  @Test
  void replicasWithTheSameEntriesHaveTheSameRowsAndHashWheneverTheyWrote() {
    Open other = open("other", Duration.ofMillis(1), NOBODY);
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
    assertThat(other.log.after(-1, 100)).isEqualTo(orders().log.after(-1, 100));
  }

  /**
   * Rows carry the log's time. Commands of two lanes may reach the log in another order than their
   * times, so that it is the time of an entry that changed no row which counts.
   */
  @Test
  void replicasStayEqualThoughOneRestartedAfterAnEntryThatOnlyMovedTheTime() {
    Open steady = open("steady", NEVER, NOBODY);
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

    assertThat(orders().log.after(-1, 10)).isEqualTo(steady.log.after(-1, 10));
    assertThat(orders().log.head()).isEqualTo(steady.log.head());
  }

  @Test
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
    var hasher = new toystore.db.storage.RunningHash();
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
  void aRowThatWasChangedIsFoundAtTheStart(String damage) {
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
  void rowsThatWereCheckedOnceAreNotWalkedAgain() {
    orders().place(fresh(), fresh());
    reopen();
    orders().placeOne(fresh());
    reopen();
    var verified = orders().database.read(OrderTables::verified);

    assertThat(verified).isEqualTo(new OrderTables.Verified(3, orders().log.head().hash()));
  }

  @Test
  void aReplicaThatMissedOrdersGetsThemAndContinuesTheLog() throws IOException {
    Open behind = open("behind", NEVER, (leader, after) -> orders().log.missedAfter(after, 1_000));
    Entry early = fresh();
    orders().placeOne(early);
    behind.placeOne(early);
    UUID buried = Uuids.fresh();
    for (int i = 0; i < 7; i++) {
      orders().placeOne(fresh());
      orders().resolve(doubt(buried));
    }
    orders().write();
    Entry last = fresh();
    orders().placeOne(last);

    assertThat(behind.log.install("order-3")).isEqualTo(orders().log.applied());
    behind.index = orders().log.applied().index() + 1;
    assertThat(behind.log.head()).isEqualTo(orders().log.head());
    assertThat(behind.log.after(-1, 100)).isEqualTo(orders().log.after(-1, 100));
    assertThat(behind.placeOne(entry(Uuids.fresh(), buried))).isEqualTo(new Voided());
    assertThat(behind.placeOne(last)).isInstanceOf(Duplicate.class);
    assertThat(behind.placeOne(fresh())).isEqualTo(new Numbered(9));
  }

  @Test
  void installedOrdersSurviveARestart() throws IOException {
    for (int i = 0; i < 3; i++) {
      orders().placeOne(fresh());
    }
    OrderLog.MissedOrders missed = (leader, after) -> orders().log.missedAfter(after, 1_000);
    Open behind = open("behind", NEVER, missed);
    behind.log.install("order-3");
    behind.close();
    opened.remove(behind);

    Open again = open("behind", NEVER, missed);
    assertThat(again.log.head()).isEqualTo(orders().log.head());
    assertThat(again.log.recovered()).isEqualTo(orders().log.applied());
  }

  /** Another replica's log in pages of ten, of which some cannot be had. */
  private final class Pages implements OrderLog.MissedOrders {
    final List<Long> asked = new ArrayList<>();
    long failFrom = Long.MAX_VALUE;

    @Override
    public OrderLog.Missed fetch(String member, long afterNumber) throws IOException {
      asked.add(afterNumber + 1);
      if (afterNumber + 1 >= failFrom) {
        throw new IOException("planted");
      }
      return OrderCatchUp.decode(OrderCatchUp.encode(orders().log.missedAfter(afterNumber, 10)));
    }
  }

  @Test
  void anInstallThatWasCutShortGoesOnAfterItsLastPage() throws IOException {
    for (int i = 0; i < 15; i++) {
      orders().place(fresh(), fresh(), fresh());
      orders().resolve(doubt(Uuids.fresh()));
    }
    Pages pages = new Pages();
    pages.failFrom = 20;
    Open behind = open("behind", NEVER, pages);

    assertThatThrownBy(() -> behind.log.install("order-3")).hasMessage("planted");
    assertThat(behind.log.recovered()).isEqualTo(LogPosition.NONE);
    assertThat(behind.log.head().orders()).isEqualTo(20);
    behind.close();
    opened.remove(behind);
    pages.failFrom = Long.MAX_VALUE;
    pages.asked.clear();
    Open again = open("behind", NEVER, pages);

    assertThat(again.log.head().orders()).isEqualTo(20);
    assertThat(again.log.install("order-3")).isEqualTo(orders().log.applied());
    assertThat(pages.asked).containsExactly(20L, 30L, 40L);
    assertThat(again.log.head()).isEqualTo(orders().log.head());
    assertThat(again.log.tombstones()).isEqualTo(15);
    assertThat(again.log.fetched()).containsExactly(new OrderLog.Fetched("order-3", 20, 44));
  }

  /** A leader whose log goes back further may send the entries of rows that are there already. */
  @Test
  void entriesOfRowsThatAreAheadOfThePositionChangeNothing() throws IOException {
    List<OrderLogCommand> commands = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      Entry entry = fresh();
      UUID buried = Uuids.fresh();
      commands.add(new OrderLogCommand.Place(NOW + i, List.of(entry, fresh())));
      commands.add(new OrderLogCommand.Resolve(NOW + i, List.of(doubt(buried), doubt(entry))));
      commands.add(
          new OrderLogCommand.Place(NOW + i - 5, List.of(entry(Uuids.fresh(), buried), fresh())));
      commands.add(new OrderLogCommand.Prune(NOW + i, NOW + i - 9));
    }
    commands.forEach(orders()::apply);
    Pages pages = new Pages();
    pages.failFrom = 20;
    Open behind = open("behind", NEVER, pages);
    assertThatThrownBy(() -> behind.log.install("order-3")).hasMessage("planted");

    commands.forEach(behind::apply);
    behind.write();

    assertThat(behind.log.head()).isEqualTo(orders().log.head());
    assertThat(behind.log.after(-1, 100)).isEqualTo(orders().log.after(-1, 100));
    assertThat(behind.log.tombstones()).isEqualTo(orders().log.tombstones());
    assertThat(behind.log.applied()).isEqualTo(orders().log.applied());
    assertThat(behind.log.logTimeMs()).isEqualTo(orders().log.logTimeMs());
  }

  @Test
  void aHundredThousandMissedOrdersAreInstalledInAFewSecondsAndOnlyThose() throws IOException {
    int missed = 100_000;
    Entry early = fresh();
    Open behind =
        open(
            "behind",
            NEVER,
            (member, after) ->
                OrderCatchUp.decode(
                    OrderCatchUp.encode(orders().log.missedAfter(after, OrderCatchUp.PAGE))));
    orders().placeOne(early);
    behind.placeOne(early);
    for (int i = 0; i < missed / 500; i++) {
      Entry[] batch = new Entry[500];
      java.util.Arrays.setAll(batch, n -> fresh());
      orders().place(batch);
    }
    orders().write();
    long begin = System.nanoTime();

    behind.log.install("order-3");

    long tookMs = (System.nanoTime() - begin) / 1_000_000;
    System.out.println(missed + " missed orders in " + tookMs + " ms");
    assertThat(behind.log.head()).isEqualTo(orders().log.head());
    assertThat(behind.log.fetched()).containsExactly(new OrderLog.Fetched("order-3", 1, missed));
    assertThat(tookMs).isLessThan(10_000);
  }

  @Test
  void aDamagedPageIsAnErrorAndNotAWrongRow() {
    orders().place(fresh(), fresh());
    byte[] page = OrderCatchUp.page(orders().log, 0);

    assertThatThrownBy(() -> OrderCatchUp.decode(java.util.Arrays.copyOf(page, page.length - 3)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> OrderCatchUp.decode(java.util.Arrays.copyOf(page, page.length + 1)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void theScrubFindsWhatAStartNoLongerLooksAt() {
    for (int i = 0; i < 8; i++) {
      orders().placeOne(fresh());
    }
    reopen();
    orders().execute("UPDATE orders SET quantity = 11 WHERE number = 5");
    reopen();
    List<StorageException> found = new ArrayList<>();
    try (OrderLogScrub scrub =
        new OrderLogScrub(orders().log, 3, Duration.ofSeconds(1), found::add)) {
      scrub.walk();
      assertThat(scrub.reached()).isEqualTo(3);

      assertThatThrownBy(scrub::walk)
          .isInstanceOf(toystore.db.storage.DamagedFileException.class)
          .hasMessageContaining("order 5 does not match");
      await().untilAsserted(() -> assertThat(found).hasSize(1));
    }
  }

  /** The row itself is right, and so is its hash. */
  @Test
  void theScrubFindsAnIndexThatHasLostARow() {
    for (int i = 0; i < 5; i++) {
      orders().placeOne(fresh());
    }
    orders().write();
    orders().loseFromIndex(3);

    try (OrderLogScrub scrub =
        new OrderLogScrub(orders().log, 5, Duration.ofSeconds(1), found -> {})) {
      assertThatThrownBy(scrub::walk)
          .isInstanceOf(toystore.db.storage.DamagedFileException.class)
          .hasMessageContaining("does not lead to order 3");
    }
  }

  @Test
  void theScrubBeginsAgainAfterTheLastRow() {
    for (int i = 0; i < 5; i++) {
      orders().placeOne(fresh());
    }
    orders().write();
    try (OrderLogScrub scrub =
        new OrderLogScrub(orders().log, 3, Duration.ofSeconds(1), found -> {})) {
      scrub.walk();
      scrub.walk();
      assertThat(scrub.reached()).isZero();
    }
  }

  @Test
  void aStartLooksAtNoMoreThanTheNewestRows() {
    for (int i = 0; i < 8; i++) {
      orders().placeOne(fresh());
    }
    orders().write();

    assertThat(orders().database.read(c -> OrderTables.startOfCheck(c, 3)).orders()).isEqualTo(5);
    assertThat(orders().database.read(c -> OrderTables.startOfCheck(c, 8)).orders()).isZero();
  }

  @Test
  void rowsThatAreGoneFromTheEndAreFoundAtTheStart() {
    orders().place(fresh(), fresh(), fresh());
    reopen();
    orders().execute("DELETE FROM orders WHERE number = 2");

    assertThatThrownBy(this::reopen)
        .isInstanceOf(StorageException.class)
        .hasMessage("order 2 is missing; the last is 1");
  }

  @Test
  void aReplicaThatMissedNothingStaysAsItIs() throws IOException {
    orders().place(fresh(), fresh());
    Open same = open("same", NEVER, (leader, after) -> orders().log.missedAfter(after, 1_000));
    same.log.install("order-3");
    OrderLog.Head before = same.log.head();

    assertThat(same.log.install("order-3")).isEqualTo(orders().log.applied());
    assertThat(same.log.head()).isEqualTo(before);
  }

  @Test
  void rowsThatDoNotContinueTheLogAreRefused() {
    orders().placeOne(fresh());
    orders().placeOne(fresh());
    Open diverged =
        open("diverged", NEVER, (leader, after) -> orders().log.missedAfter(after, 1_000));
    diverged.placeOne(fresh());
    OrderLog.Head before = diverged.log.head();

    assertThatThrownBy(() -> diverged.log.install("order-3"))
        .isInstanceOf(IOException.class)
        .hasMessage("order 1 does not continue this replica's log");
    assertThat(diverged.log.head()).isEqualTo(before);
  }

  /** A crash loses what was not written; the entries since give the very same rows again. */
  @Test
  void replayFromTheFilesPositionGivesTheSameRows() throws IOException {
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

    Open crashed = open("crashed", NEVER, NOBODY);
    assertThat(crashed.log.recovered().index()).isEqualTo(25);
    for (int i = 26; i < commands.size(); i++) {
      crashed.apply(commands.get(i));
    }
    assertThat(crashed.log.head()).isEqualTo(orders().log.head());
    assertThat(crashed.log.tombstones()).isEqualTo(orders().log.tombstones());
  }

  @Test
  void readersFindEveryRowWhileItMovesFromMemoryIntoTheFile() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Open busy = open("busy", Duration.ofMillis(1), NOBODY);
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
    assertThat(busy.log.scrub(OrderTables.Verified.NOTHING, Integer.MAX_VALUE).orders())
        .isEqualTo(busy.log.head().orders());
  }

  /** Reads at random places; each answer must be what was applied when the read began, no gaps. */
  private static int readUntil(AtomicBoolean done, OrderLog log, Random random) {
    int reads = 0;
    while (!done.get()) {
      long orders = log.head().orders();
      if (orders == 0) {
        continue;
      }
      long from = random.nextLong(orders) - 1;
      int limit = 1 + random.nextInt(200);
      List<OrderRow> rows = log.after(from, limit);
      assertThat((long) rows.size()).isGreaterThanOrEqualTo(Math.min(limit, orders - from - 1));
      for (int i = 0; i < rows.size(); i++) {
        assertThat(rows.get(i).number()).isEqualTo(from + 1 + i);
      }
      long number = random.nextLong(orders);
      OrderRow row = log.byNumber(number);
      assertThat(row).as("order %d of %d", number, orders).isNotNull();
      UUID id = Objects.requireNonNull(row).orderId();
      assertThat(log.byOrderId(id)).isEqualTo(row);
      assertThat(log.existing(List.of(id, Uuids.fresh()))).containsOnlyKeys(id);
      reads++;
    }
    return reads;
  }
}
