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
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.api.Hold;
import toystore.api.Stock;
import toystore.db.storage.Database;
import toystore.db.storage.LogPosition;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;

class CatalogStateTest {
  private static final WriteBehind.Pace PACE =
      new WriteBehind.Pace(Duration.ofMillis(10), 100, 1_000);
  private static final List<String> NAMES = List.of("Tux", "Fox", "Whale");

  @TempDir private Path directory = Path.of("");
  private @Nullable Open open;

  /** A state on an open file, fed entry by entry. */
  private static final class Open implements AutoCloseable {
    final Database database;
    final CatalogState state;
    private long index;

    Open(Path file) {
      database =
          Database.open(
              file,
              CatalogTables.MIGRATIONS,
              new Database.Sizes(1024, 2),
              e -> {
                throw new AssertionError("the file cannot be written", e);
              });
      try {
        state = new CatalogState(database, PACE);
      } catch (RuntimeException e) {
        database.close();
        throw e;
      }
      index = state.recovered().index() + 1;
    }

    CatalogCommand.Result apply(CatalogCommand command) {
      return (CatalogCommand.Result) state.apply(new LogPosition(1, index++), command.encode());
    }

    Hold.Answer hold(UUID id, String name, int quantity) {
      return apply(change(List.of(new Hold(id, name, quantity)), List.of(), List.of()))
          .answers()
          .getFirst();
    }

    void settle(UUID id) {
      apply(change(List.of(), List.of(id), List.of()));
    }

    void release(UUID id) {
      apply(change(List.of(), List.of(), List.of(id)));
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

  /** Hold ids as leaders make them, without chance. */
  private static UUID id(int n) {
    return new UUID((NOW + n) << 16 | 0x7000, 0x8000_0000_0000_0000L | n);
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
    return java.util.Objects.requireNonNull(open);
  }

  @Test
  void aFirstStartImportsAndALaterOneDoesNot() {
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
    assertThat(after.doubtful(NOW + 1, 10)).containsExactly(id(2), id(3));
    assertThat(after.logTimeMs()).isEqualTo(NOW);
    assertThat(after.recovered()).isEqualTo(new LogPosition(1, 4));
    assertThat(catalog().stock("Tux")).isEqualTo(new Stock("Tux", 1599, 10, 5, 2, 3, 3));
  }

  @Test
  void aReopenedFileRemembersWhichHoldsHaveEnded() {
    catalog().apply(products(10));
    catalog().hold(id(1), "Tux", 1);
    catalog().hold(id(2), "Tux", 1);
    catalog().settle(id(1));
    catalog().release(id(2));
    assertThat(catalog().hold(id(1), "Tux", 1))
        .as("not in the file yet")
        .isEqualTo(new Hold.Over());

    reopen();
    assertThat(catalog().hold(id(1), "Tux", 1)).isEqualTo(new Hold.Over());
    assertThat(catalog().hold(id(2), "Tux", 1)).isEqualTo(new Hold.Over());
    assertThat(catalog().stock("Tux").held()).isZero();
  }

  @Test
  void anOpenHoldGetsItsFirstAnswerAfterARestartToo() {
    catalog().apply(products(10));
    Hold.Answer first = catalog().hold(id(1), "Tux", 4);
    catalog().hold(id(2), "Tux", 4);

    reopen();
    assertThat(catalog().hold(id(1), "Tux", 4)).isEqualTo(first);
    assertThat(catalog().stock("Tux").held()).isEqualTo(8);
  }

  @Test
  void whatOutcomesFreeCanBeHeldByTheSameCommand() {
    catalog().apply(products(1));
    catalog().hold(id(1), "Tux", 1);

    CatalogCommand.Result result =
        catalog().apply(change(List.of(new Hold(id(2), "Tux", 1)), List.of(), List.of(id(1))));
    assertThat(result.answers().getFirst()).isInstanceOf(Hold.Granted.class);
  }

  @Test
  void anAnswerComesWithTheProductThatItSpeaksOf() {
    catalog().apply(products(5));
    catalog().hold(id(1), "Tux", 3);

    for (Hold hold : List.of(new Hold(id(1), "Tux", 3), new Hold(id(2), "Tux", 4))) {
      CatalogCommand.Result result = catalog().apply(change(List.of(hold), List.of(), List.of()));
      assertThat(result.visible().get("Tux"))
          .as("a repetition, and a refusal")
          .isEqualTo(catalog().state.products().getFirst());
    }
    assertThat(
            catalog()
                .apply(change(List.of(new Hold(id(3), "none", 1)), List.of(), List.of()))
                .visible())
        .isEmpty();
    assertThat(catalog().apply(change(List.of(), List.of(id(1)), List.of())).visible())
        .as("sold instead of held is no difference")
        .isEmpty();
  }

  @Test
  void onlyWhatIsOutOfStockIsRestocked() {
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
  void oldHoldsAreDoubtfulOldestFirstAndNoMoreThanAskedFor() {
    catalog().apply(products(50));
    for (int i = 0; i < 5; i++) {
      catalog()
          .apply(
              new CatalogCommand.Change(
                  NOW + i, List.of(new Hold(id(i), "Tux", 1)), Hold.Outcomes.NONE));
    }

    assertThat(catalog().state.doubtful(NOW + 3, 2)).containsExactly(id(0), id(1));
    assertThat(catalog().state.doubtful(NOW + 3, 9)).containsExactly(id(0), id(1), id(2));
  }

  @Test
  void pruningForgetsHoldsThatEndedLongAgoAndNoOthers() {
    catalog().apply(products(50));
    for (int i = 1; i <= 3; i++) {
      catalog().hold(id(i), "Tux", 1);
    }
    catalog().settle(id(1));
    catalog().release(id(2));
    catalog().apply(new CatalogCommand.Prune(NOW, NOW + 2));

    reopen();
    assertThat(ended(id(1))).isNull();
    assertThat(ended(id(2))).isFalse();
    assertThat(catalog().state.doubtful(NOW + 1, 9)).containsExactly(id(3));
  }

  private @Nullable Boolean ended(UUID id) {
    record Ended(@Nullable Boolean settled) {}
    return catalog().database.<Ended>read(c -> new Ended(CatalogTables.ended(c, id))).settled();
  }

  @Test
  void theLogsTimeNeverGoesBack() {
    catalog().apply(products(1));
    catalog().apply(new CatalogCommand.Restock(NOW - 5_000, 100));

    assertThat(catalog().state.logTimeMs()).isEqualTo(NOW);
  }

  @Test
  void aCommandOfANewerVersionStopsTheReplica() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> catalog().state.apply(new LogPosition(1, 0), new byte[] {9, (byte) 0xa0}))
        .withMessageContaining("unknown catalog command 9");
  }

  @Test
  void aFileWhoseHoldsDoNotAddUpIsRefused() {
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
  void commandsSurviveTheirEncoding() {
    for (CatalogCommand command :
        List.of(
            products(7),
            change(List.of(new Hold(id(1), "Käthe 🐧", 2)), List.of(id(2)), List.of(id(3))),
            new CatalogCommand.Restock(NOW, 100),
            new CatalogCommand.Prune(NOW, NOW - 1))) {
      assertThat(CatalogCommand.decode(command.encode())).isEqualTo(command);
    }
  }

  /**
   * A crash loses what was applied and not written; the log gives it again from the position that
   * the file carries. The end is the same, and so is every answer on the way.
   */
  @Test
  void replayFromTheFilesPositionEndsInTheSameState() throws IOException {
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
    List<UUID> expectedHolds = catalog().state.doubtful(Long.MAX_VALUE, 10_000);
    assertThat(expected.stock()).allMatch(s -> s.stocked() == s.onHand() + s.held() + s.sold());
    assertThat(crashed).isNotEmpty();

    for (Path copy : crashed) {
      try (Open replay = new Open(copy)) {
        for (int i = (int) replay.state.recovered().index() + 1; i < commands.size(); i++) {
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

  private static Map<String, Stock> byName(Stock.Report report) {
    return report.stock().stream().collect(java.util.stream.Collectors.toMap(Stock::name, s -> s));
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
      List<Hold> holds = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        int n = random.nextInt(5) == 0 && made > 0 ? random.nextInt(made) : made++;
        // The same hold id always asks for the same.
        holds.add(new Hold(id(n), NAMES.get(n % NAMES.size()), 1 + n % 5));
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
