package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogPosition;
import toystore.db.storage.Database;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;
import toystore.node.replica.MissedStateFetcher;
import toystore.protocol.message.Hold;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.Stock;

class CatalogStateTest {
  private static final WriteBehind.FlushPolicy FLUSH_POLICY =
      new WriteBehind.FlushPolicy(Duration.ofMillis(10), 100, 1_000);
  private static final List<String> NAMES = List.of("Tux", "Fox", "Whale");

  @TempDir private Path directory = Path.of("");
  private @Nullable Open open;

  /** A state on an open file. The test applies its entries. */
  private static final class Open implements AutoCloseable {
    final Database database;
    final CatalogState state;
    private long index;

    Open(Path file) {
      this(
          file,
          (leader, after) -> {
            throw new IOException("there is no other catalog");
          });
    }

    Open(Path file, MissedStateFetcher.Source<EndedHoldKey, CatalogPage> otherCatalogs) {
      database =
          Database.open(
              file,
              CatalogTables.MIGRATIONS,
              new Database.Sizes(1024, 2),
              e -> {
                throw new AssertionError("the file cannot be written", e);
              });
      try {
        state = new CatalogState(database, FLUSH_POLICY, otherCatalogs);
      } catch (RuntimeException e) {
        database.close();
        throw e;
      }
      index = state.recoveredPosition().index() + 1;
    }

    CatalogCommand.Result apply(CatalogCommand command) {
      return (CatalogCommand.Result) state.apply(new LogPosition(1, index++), command.encode());
    }

    Hold.Answer hold(UUID id, String name, int quantity) {
      return apply(change(List.of(new Hold(id, name, quantity, order(id))), List.of(), List.of()))
          .answers()
          .getFirst();
    }

    void settle(UUID id) {
      apply(change(List.of(), List.of(id), List.of()));
    }

    void release(UUID id) {
      apply(change(List.of(), List.of(), List.of(id)));
    }

    /** Applies the commands of a log up to an index, and returns their results. */
    List<CatalogCommand.Result> applyFrom(List<CatalogCommand> log, int upTo) {
      List<CatalogCommand.Result> results = new ArrayList<>();
      index = state.recoveredPosition().index() + 1;
      while (index <= upTo) {
        results.add(apply(log.get((int) index)));
      }
      return results;
    }

    /** All rows of the file. */
    List<String> rows() {
      state.persist().join();
      return database.read(
          connection -> {
            List<String> rows = new ArrayList<>();
            for (String table :
                List.of(
                    "products",
                    "open_holds",
                    "ended_holds",
                    "log_time",
                    // Row 1 differs after an install: it is the position of the last install.
                    "log_position WHERE id = 0")) {
              try (var statement = connection.createStatement();
                  var found = statement.executeQuery("SELECT * FROM " + table + " ORDER BY 1")) {
                while (found.next()) {
                  StringBuilder row = new StringBuilder(table);
                  for (int i = 1; i <= found.getMetaData().getColumnCount(); i++) {
                    row.append(' ').append(found.getString(i));
                  }
                  rows.add(row.toString());
                }
              }
            }
            return rows;
          });
    }

    Stock stock(String name) {
      return state.report().stock().stream()
          .filter(s -> s.name().equals(name))
          .findFirst()
          .orElseThrow();
    }

    @Override
    public void close() {
      state.persist().join();
      database.close();
    }
  }

  private static final long NOW = 1_800_000_000_000L;

  private static CatalogCommand.Change change(
      List<Hold> holds, List<UUID> settled, List<UUID> released) {
    return new CatalogCommand.Change(NOW, holds, new Hold.Outcomes(settled, released));
  }

  private static CatalogCommand.Import products(long quantity) {
    return new CatalogCommand.Import(
        NOW, NAMES.stream().map(name -> new CatalogCommand.Line(name, 1599, quantity)).toList());
  }

  /** A hold id like those of a leader, but not random. */
  private static UUID id(int n) {
    return new UUID((NOW + n) << 16 | 0x7000, 0x8000_0000_0000_0000L | n);
  }

  /** The order that a hold of these tests is made for. */
  private static UUID order(UUID hold) {
    return new UUID(hold.getMostSignificantBits(), ~hold.getLeastSignificantBits());
  }

  private static Hold.InDoubt inDoubt(UUID hold) {
    return new Hold.InDoubt(hold, order(hold));
  }

  private Open reopen() {
    if (open != null) {
      open.close();
    }
    return opened(directory.resolve("catalog"));
  }

  private Open opened(Path file) {
    Open fresh = new Open(file);
    open = fresh;
    return fresh;
  }

  @BeforeEach
  void firstStart() {
    reopen();
  }

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
    }
  }

  private Open catalog() {
    return Objects.requireNonNull(open);
  }

  @Test
  @DisplayName("Products are imported only if there are none")
  void importsOnlyIfThereAreNoProducts() {
    assertThat(catalog().state.isEmpty()).isTrue();
    CatalogCommand.Result first = catalog().apply(products(10));
    CatalogCommand.Result second = catalog().apply(products(99));

    assertThat(first.visible()).containsOnlyKeys(NAMES);
    assertThat(second.visible()).isEmpty();
    assertThat(catalog().state.products())
        .extracting(ProductRow::name)
        .containsExactlyElementsOf(NAMES);
    assertThat(catalog().stock("Tux")).isEqualTo(new Stock("Tux", 1599, 10, 10, 0, 0, 1));
  }

  @Test
  @DisplayName("A reopened file has the same state")
  void aReopenedFileHasTheSameState() {
    catalog().apply(products(10));
    catalog().hold(id(1), "Tux", 3);
    catalog().hold(id(2), "Tux", 2);
    catalog().hold(id(3), "Fox", 10);
    catalog().settle(id(1));
    Stock.Report before = catalog().state.report();

    CatalogState after = reopen().state;
    assertThat(after.report()).isEqualTo(before);
    assertThat(after.openHolds()).isEqualTo(2);
    assertThat(after.doubtful(NOW + 1, 10)).containsExactly(inDoubt(id(2)), inDoubt(id(3)));
    assertThat(after.logTimeMs()).isEqualTo(NOW);
    assertThat(after.recoveredPosition()).isEqualTo(new LogPosition(1, 4));
    assertThat(catalog().stock("Tux")).isEqualTo(new Stock("Tux", 1599, 10, 5, 2, 3, 3));
  }

  @Test
  @DisplayName("A reopened file knows which holds have ended")
  void aReopenedFileKnowsEndedHolds() {
    catalog().apply(products(10));
    catalog().hold(id(1), "Tux", 1);
    catalog().hold(id(2), "Tux", 1);
    catalog().settle(id(1));
    catalog().release(id(2));
    assertThat(catalog().hold(id(1), "Tux", 1))
        .as("not in the file yet")
        .isEqualTo(new Hold.AlreadyEnded());

    reopen();
    assertThat(catalog().hold(id(1), "Tux", 1)).isEqualTo(new Hold.AlreadyEnded());
    assertThat(catalog().hold(id(2), "Tux", 1)).isEqualTo(new Hold.AlreadyEnded());
    assertThat(catalog().stock("Tux").held()).isZero();
  }

  @Test
  @DisplayName("A repeated open hold gets its first answer, also after a restart")
  void repeatsTheAnswerOfAnOpenHoldAfterARestart() {
    catalog().apply(products(10));
    Hold.Answer first = catalog().hold(id(1), "Tux", 4);
    catalog().hold(id(2), "Tux", 4);

    reopen();
    assertThat(catalog().hold(id(1), "Tux", 4)).isEqualTo(first);
    assertThat(catalog().stock("Tux").held()).isEqualTo(8);
  }

  @Test
  @DisplayName("A command can hold the stock that its own outcomes release")
  void holdsWhatTheSameCommandReleases() {
    catalog().apply(products(1));
    catalog().hold(id(1), "Tux", 1);

    CatalogCommand.Result result =
        catalog()
            .apply(
                change(
                    List.of(new Hold(id(2), "Tux", 1, order(id(2)))), List.of(), List.of(id(1))));
    assertThat(result.answers().getFirst()).isInstanceOf(Hold.Granted.class);
  }

  @Test
  @DisplayName("The result of a command contains the products that its answers describe")
  void aResultContainsProductsOfItsAnswers() {
    catalog().apply(products(5));
    catalog().hold(id(1), "Tux", 3);

    for (Hold hold :
        List.of(new Hold(id(1), "Tux", 3, order(id(1))), new Hold(id(2), "Tux", 4, order(id(2))))) {
      CatalogCommand.Result result = catalog().apply(change(List.of(hold), List.of(), List.of()));
      assertThat(result.visible().get("Tux"))
          .as("after a repetition, and after a refusal")
          .isEqualTo(catalog().state.products().getFirst());
    }
    assertThat(
            catalog()
                .apply(
                    change(List.of(new Hold(id(3), "none", 1, order(id(3)))), List.of(), List.of()))
                .visible())
        .isEmpty();
    assertThat(catalog().apply(change(List.of(), List.of(id(1)), List.of())).visible())
        .as("clients cannot see that held stock is sold")
        .isEmpty();
  }

  @Test
  @DisplayName("Only products that are out of stock are restocked")
  void restocksOnlyWhatIsOutOfStock() {
    catalog().apply(products(5));
    catalog().hold(id(1), "Tux", 5);
    catalog().hold(id(2), "Fox", 4);
    assertThat(catalog().state.anythingOutOfStock()).isTrue();
    CatalogCommand.Result result = catalog().apply(new CatalogCommand.Restock(NOW, 100));

    assertThat(result.visible()).containsOnlyKeys("Tux");
    assertThat(catalog().stock("Tux")).isEqualTo(new Stock("Tux", 1599, 105, 100, 5, 0, 3));
    assertThat(catalog().stock("Fox").onHand()).isEqualTo(1);
    assertThat(catalog().state.anythingOutOfStock()).isFalse();
    assertThat(catalog().apply(new CatalogCommand.Restock(NOW, 100)).visible()).isEmpty();
  }

  @Test
  @DisplayName("Doubtful holds are listed oldest first, up to the limit")
  void listsDoubtfulHoldsOldestFirst() {
    catalog().apply(products(50));
    for (int i = 0; i < 5; i++) {
      catalog()
          .apply(
              new CatalogCommand.Change(
                  NOW + i, List.of(new Hold(id(i), "Tux", 1, order(id(i)))), Hold.Outcomes.NONE));
    }

    assertThat(catalog().state.doubtful(NOW + 3, 2))
        .containsExactly(inDoubt(id(0)), inDoubt(id(1)));
    assertThat(catalog().state.doubtful(NOW + 3, 9))
        .containsExactly(inDoubt(id(0)), inDoubt(id(1)), inDoubt(id(2)));
  }

  @Test
  @DisplayName("Pruning deletes old ended holds and no others")
  void prunesOldEndedHoldsOnly() {
    catalog().apply(products(50));
    for (int i = 1; i <= 3; i++) {
      catalog().hold(id(i), "Tux", 1);
    }
    catalog().settle(id(1));
    catalog().release(id(2));
    catalog().apply(new CatalogCommand.Prune(NOW, NOW + 2));

    reopen();
    assertThat(catalog().rows())
        .filteredOn(row -> row.startsWith("ended_holds"))
        .singleElement()
        .asString()
        .contains(id(2).toString());
    assertThat(catalog().state.doubtful(NOW + 1, 9)).containsExactly(inDoubt(id(3)));
  }

  @Test
  @DisplayName("A hold that was pruned is not granted again")
  void doesNotGrantAPrunedHoldAgain() {
    catalog().apply(products(50));
    Hold.Answer open = catalog().hold(id(0), "Tux", 1);
    catalog().hold(id(1), "Tux", 2);
    catalog().settle(id(1));
    catalog().apply(new CatalogCommand.Prune(NOW, NOW + 2));
    catalog().apply(new CatalogCommand.Prune(NOW, NOW + 1));
    assertThat(catalog().hold(id(1), "Tux", 2)).isEqualTo(new Hold.AlreadyEnded());

    reopen();
    assertThat(catalog().hold(id(1), "Tux", 2))
        .as("the horizon is in the file, and never moves back")
        .isEqualTo(new Hold.AlreadyEnded());
    assertThat(catalog().hold(id(0), "Tux", 1)).as("it is still open").isEqualTo(open);
    assertThat(catalog().hold(id(2), "Tux", 1)).isInstanceOf(Hold.Granted.class);
    assertThat(catalog().stock("Tux")).isEqualTo(new Stock("Tux", 1599, 50, 46, 2, 2, 4));
  }

  @Test
  @DisplayName("All catalogs keep the same state at a fence")
  void allCatalogsKeepTheSameAtAFence() {
    catalog().apply(products(10));
    catalog().hold(id(1), "Tux", 3);
    catalog().hold(id(2), "Fox", 2);
    catalog().apply(new CatalogCommand.Fence(NOW));
    catalog().hold(id(3), "Tux", 1);
    Stock.Fenced fenced = Objects.requireNonNull(catalog().state.fenced(3));

    assertThat(fenced.openHolds()).isEqualTo(2);
    assertThat(fenced.stock().getFirst()).isEqualTo(new Stock("Tux", 1599, 10, 7, 3, 0, 2));
    assertThat(catalog().state.fenced(4)).isNull();
    try (Open other = new Open(directory.resolve("other"))) {
      other.apply(products(10));
      other.hold(id(1), "Tux", 3);
      other.hold(id(2), "Fox", 2);
      other.apply(new CatalogCommand.Fence(NOW));
      assertThat(other.state.fenced(3)).isEqualTo(fenced);
    }
  }

  @Test
  @DisplayName("The log's time never moves back")
  void theTimeOfTheLogNeverMovesBack() {
    catalog().apply(products(1));
    catalog().apply(new CatalogCommand.Restock(NOW - 5_000, 100));

    assertThat(catalog().state.logTimeMs()).isEqualTo(NOW);
  }

  @Test
  @DisplayName("A command of a newer version is an error")
  void rejectsACommandOfANewerVersion() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> catalog().state.apply(new LogPosition(1, 0), new byte[] {9, (byte) 0xa0}))
        .withMessageContaining("unknown catalog command 9");
  }

  @Test
  @DisplayName("A file whose open holds do not add up is rejected")
  void rejectsAFileWhoseHoldsDoNotAddUp() {
    catalog().apply(products(10));
    catalog().hold(id(1), "Tux", 3);
    catalog().state.persist().join();
    catalog()
        .database
        .write(
            c -> {
              try (var statement = c.createStatement()) {
                return statement.executeUpdate("UPDATE open_holds SET quantity = 2");
              }
            })
        .join();

    assertThatThrownBy(this::reopen)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("'Tux' has 3 held, its open holds say 2");
    open = null;
  }

  @Test
  @DisplayName("Every command is decoded as it was encoded")
  void commandsAreEncodedAndDecoded() {
    for (CatalogCommand command :
        List.of(
            products(7),
            change(
                List.of(new Hold(id(1), "Käthe 🐧", 2, order(id(1)))),
                List.of(id(2)),
                List.of(id(3))),
            new CatalogCommand.Restock(NOW, 100),
            new CatalogCommand.Prune(NOW, NOW - 1),
            new CatalogCommand.Fence(NOW))) {
      assertThat(CatalogCommand.decode(command.encode())).isEqualTo(command);
    }
  }

  @Test
  @DisplayName("A change of an older version is decoded")
  void decodesAChangeOfAnOlderVersion() {
    byte[] body =
        MessageCodec.toCbor(
            List.of(NOW, List.of(List.of(id(1), "Tux", 2)), List.of(List.of(id(2)), List.of())));
    byte[] command = new byte[body.length + 1];
    command[0] = 2;
    System.arraycopy(body, 0, command, 1, body.length);

    assertThat(CatalogCommand.decode(command))
        .isEqualTo(change(List.of(new Hold(id(1), "Tux", 2, null)), List.of(id(2)), List.of()));
  }

  @Test
  @DisplayName("Open holds of a file of the previous version are doubtful without an order id")
  void migratesOpenHoldsWithoutOrderId() {
    catalog().apply(products(10));
    catalog().hold(id(1), "Tux", 3);
    reopen();
    catalog()
        .database
        .write(
            connection -> {
              try (var statement = connection.createStatement()) {
                statement.executeUpdate("ALTER TABLE open_holds DROP COLUMN order_id");
                return statement.executeUpdate("DELETE FROM schema_version WHERE version = 3");
              }
            })
        .join();
    Stock.Report before = catalog().state.report();

    assertThat(reopen().state.report()).isEqualTo(before);
    assertThat(catalog().state.doubtful(NOW + 1, 9)).containsExactly(new Hold.InDoubt(id(1), null));
    catalog().hold(id(2), "Tux", 1);
    assertThat(reopen().state.doubtful(NOW + 1, 9))
        .containsExactly(new Hold.InDoubt(id(1), null), inDoubt(id(2)));
  }

  @Test
  @DisplayName("A hold without an order id is kept without one")
  void keepsAHoldWithoutOrderId() {
    catalog().apply(products(10));
    catalog().apply(change(List.of(new Hold(id(1), "Tux", 2, null)), List.of(), List.of()));

    assertThat(reopen().state.doubtful(NOW + 1, 9)).containsExactly(new Hold.InDoubt(id(1), null));
  }

  @Test
  @DisplayName(
      "A crash loses unwritten changes; the replay of their entries gives the same state and"
          + " answers")
  void replayAfterACrashGivesTheSameState() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<CatalogCommand> commands = randomCommands(random, 300);
    List<CatalogCommand.Result> results = new ArrayList<>();
    List<Path> crashed = new ArrayList<>();
    for (int i = 0; i < commands.size(); i++) {
      results.add(catalog().apply(commands.get(i)));
      if (i == 150 || random.nextInt(150) == 0) {
        catalog().state.persist().join();
        Path copy = directory.resolve("crash-" + i);
        Files.copy(directory.resolve("catalog.mv.db"), Path.of(copy + ".mv.db"));
        crashed.add(copy);
      }
    }
    Stock.Report expected = catalog().state.report();
    List<Hold.InDoubt> expectedHolds = catalog().state.doubtful(Long.MAX_VALUE, 10_000);
    assertThat(expected.stock()).allMatch(s -> s.stocked() == s.onHand() + s.held() + s.sold());
    assertThat(crashed).isNotEmpty();

    for (Path copy : crashed) {
      try (Open replay = new Open(copy)) {
        for (int i = (int) replay.state.recoveredPosition().index() + 1; i < commands.size(); i++) {
          assertThat(replay.apply(commands.get(i))).as("seed " + seed).isEqualTo(results.get(i));
        }
        assertThat(replay.state.report()).as("seed " + seed).isEqualTo(expected);
        assertThat(replay.state.doubtful(Long.MAX_VALUE, 10_000))
            .containsExactlyInAnyOrderElementsOf(expectedHolds);
      }
    }
    Map<String, Stock> again = byName(reopen().state.report());
    assertThat(again).isEqualTo(byName(expected));
  }

  @Test
  @DisplayName("An installed state equals its source, and both continue alike")
  void anInstalledStateEqualsItsSource() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<CatalogCommand> log = randomCommands(random, 400);
    for (int round = 0; round < 8; round++) {
      int behind = random.nextInt(200);
      int ahead = behind + 1 + random.nextInt(150);
      int pageSize = 1 + random.nextInt(40);
      try (Open source = new Open(directory.resolve("source-" + round));
          Open follower =
              new Open(
                  directory.resolve("follower-" + round),
                  (leader, after) -> source.state.missedAfter(after, pageSize))) {
        source.applyFrom(log, ahead);
        source.state.persist().join();
        follower.applyFrom(log, behind - 1);

        LogPosition reached = follower.state.install("catalog-3");
        assertThat(reached).as("seed " + seed).isEqualTo(new LogPosition(1, ahead));
        // These entries arrive after the install that contains their effects.
        for (int late = behind; late <= ahead; late += 7) {
          follower.state.apply(new LogPosition(1, late), log.get(late).encode());
          follower.state.skip(new LogPosition(1, late));
        }
        assertThat(follower.rows()).as("seed " + seed).isEqualTo(source.rows());
        assertThat(follower.applyFrom(log, log.size() - 1))
            .as("seed " + seed)
            .isEqualTo(source.applyFrom(log, log.size() - 1));
        assertThat(follower.rows()).as("seed " + seed).isEqualTo(source.rows());
      }
    }
  }

  @Test
  @DisplayName("Every page of missed state is decoded as it was encoded")
  void pagesAreEncodedAndDecoded() throws IOException {
    catalog().applyFrom(randomCommands(new Random(3), 100), 99);
    catalog().state.persist().join();
    EndedHoldKey start = EndedHoldKey.after(-1);
    CatalogPage part = catalog().state.missedAfter(start, 2);
    CatalogPage whole = catalog().state.missedAfter(start, 10_000);

    assertThat(part.complete()).isFalse();
    assertThat(whole.complete()).isTrue();
    for (CatalogPage page : List.of(part, whole)) {
      assertThat(MessageCodec.fromCbor(MessageCodec.toCbor(page), CatalogPage.class))
          .isEqualTo(page);
    }
  }

  @Test
  @DisplayName("An empty catalog is filled from another one")
  void fillsAnEmptyCatalog() throws IOException {
    List<CatalogCommand> log = randomCommands(new Random(1), 200);
    catalog().applyFrom(log, 199);
    catalog().state.persist().join();
    try (Open fresh =
        new Open(
            directory.resolve("fresh"),
            (leader, after) -> catalog().state.missedAfter(after, 10))) {
      fresh.state.install("catalog-3");

      assertThat(fresh.rows()).isEqualTo(catalog().rows());
      assertThat(fresh.state.report()).isEqualTo(catalog().state.report());
    }
  }

  @Test
  @DisplayName("An interrupted install changes nothing, whether the catalog restarts or continues")
  void anInterruptedInstallChangesNothing() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<CatalogCommand> log = randomCommands(random, 300);
    catalog().applyFrom(log, 250);
    catalog().state.persist().join();
    int behind = 20 + random.nextInt(50);
    try (Open expected = new Open(directory.resolve("expected"))) {
      expected.applyFrom(log, behind);
      Path file = directory.resolve("follower");
      int[] fetched = new int[1];
      MissedStateFetcher.Source<EndedHoldKey, CatalogPage> interrupted =
          (leader, after) -> {
            if (++fetched[0] == 6) {
              throw new IOException("the leader died");
            }
            return catalog().state.missedAfter(after, 2);
          };
      try (Open follower = new Open(file, interrupted)) {
        follower.applyFrom(log, behind);
        assertThatThrownBy(() -> follower.state.install("catalog-3")).hasMessage("the leader died");
        assertThat(follower.state.report()).isEqualTo(expected.state.report());
        assertThat(follower.rows())
            .as("some pages were written")
            .hasSizeGreaterThan(expected.rows().size());
        assertThat(follower.applyFrom(log, behind + 40))
            .as("seed " + seed)
            .isEqualTo(expected.applyFrom(log, behind + 40));
      }
      try (Open restarted = new Open(file)) {
        assertThat(restarted.rows()).as("seed " + seed).isEqualTo(expected.rows());
      }
    }
  }

  @Test
  @DisplayName("Entries that are applied during an install are kept")
  void keepsEntriesAppliedDuringAnInstall() throws IOException {
    List<CatalogCommand> log = randomCommands(new Random(7), 300);
    catalog().applyFrom(log, 100);
    catalog().state.persist().join();
    List<Open> follower = new ArrayList<>();
    MissedStateFetcher.Source<EndedHoldKey, CatalogPage> overtakenByTheLog =
        (leader, after) -> {
          follower
              .getFirst()
              .applyFrom(log, (int) follower.getFirst().state.recoveredPosition().index() + 9);
          return catalog().state.missedAfter(after, 5);
        };
    try (Open late = new Open(directory.resolve("late"), overtakenByTheLog)) {
      follower.add(late);
      late.applyFrom(log, 40);
      LogPosition reached = late.state.install("catalog-3");

      assertThat(reached.index()).isEqualTo(Math.max(100, late.state.recoveredPosition().index()));
      catalog().applyFrom(log, (int) reached.index());
      assertThat(late.rows()).isEqualTo(catalog().rows());
    }
  }

  private static Map<String, Stock> byName(Stock.Report report) {
    return report.stock().stream().collect(Collectors.toMap(Stock::name, s -> s));
  }

  private static List<CatalogCommand> randomCommands(Random random, int count) {
    List<CatalogCommand> commands = new ArrayList<>();
    commands.add(products(20));
    int made = 0;
    while (commands.size() < count) {
      if (random.nextInt(15) == 0) {
        commands.add(new CatalogCommand.Restock(NOW + commands.size(), 20));
        continue;
      }
      if (random.nextInt(25) == 0) {
        commands.add(new CatalogCommand.Prune(NOW + commands.size(), NOW + made / 2));
        continue;
      }
      List<Hold> holds = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        int n = random.nextInt(5) == 0 && made > 0 ? random.nextInt(made) : made++;
        // A repeated hold asks for the same product and quantity.
        holds.add(new Hold(id(n), NAMES.get(n % NAMES.size()), 1 + n % 5, order(id(n))));
      }
      List<UUID> settled = new ArrayList<>();
      List<UUID> released = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        (random.nextBoolean() ? settled : released).add(id(random.nextInt(made + 1)));
      }
      commands.add(
          new CatalogCommand.Change(
              NOW + commands.size(), holds, new Hold.Outcomes(settled, released)));
    }
    return commands;
  }
}
