package toystore.node.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import toystore.db.log.LogFiles;
import toystore.db.log.LogGroup;
import toystore.db.log.Member;
import toystore.db.log.MemberRejoin;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.Database;
import toystore.db.storage.Migrations;
import toystore.db.storage.StorageException;

/** Each row of the tables in {@code services/node/DESIGN.md} is a row of a test here. */
class ReplicaStartupTest {
  private static final Migrations MIGRATIONS =
      new Migrations(ReplicaStartupTest.class, List.of("member.sql"));
  private static final Member SELF = member(2);
  private static final String LEADER = "order-3";
  private static final long REJOIN_INDEX = 10;

  /** One member's files, and the start that finds them. */
  private final class Fixture {
    final Path home;
    final Path raft;
    final Path file;
    final MembershipMarker marker;
    final LogGroup group;
    final FetchedState.Sources sources = new FetchedState.Sources();
    final Peers peers = new Peers();
    byte[] dataBefore = new byte[0];

    Fixture(int members) throws IOException {
      Path root = Files.createTempDirectory(temporary, "member");
      this.home = Files.createDirectory(root.resolve(SELF.name()));
      this.raft = home.resolve("raft");
      this.file = home.resolve("orders");
      this.marker = MembershipMarker.of(home);
      this.group =
          new LogGroup(
              new UUID(0, 1),
              SELF,
              members == 1 ? List.of(SELF) : List.of(member(1), SELF, member(3)));
    }

    DataFile<FetchedState> data() {
      return new DataFile<>(
          file,
          MIGRATIONS,
          new Database.Sizes(1_024, 2),
          FetchedState.FLUSH_POLICY,
          (database, flushPolicy) -> new FetchedState(database, flushPolicy, sources),
          failure -> {});
    }

    /** Creates the data file that a row names. */
    void createData(String data) throws IOException {
      String[] words = data.split(" ", -1);
      if (words[0].equals("none")) {
        return;
      }
      DataFile.Opened<FetchedState> opened = data().open();
      switch (words[0]) {
        case "applied" -> opened.state().setApplied(Long.parseLong(words[1]));
        case "fetched" -> opened.state().setInstalled(Long.parseLong(words[1]));
        default -> assertThat(words[0]).isIn("empty", "damaged");
      }
      if (words.length == 3) {
        opened.state().setApplied(Long.parseLong(words[2]));
      }
      opened.database().close();
      if (words[0].equals("damaged")) {
        try (RandomAccessFile damaged = new RandomAccessFile(data().path().toFile(), "rw")) {
          damaged.write(new byte[(int) damaged.length()]);
        }
      }
      dataBefore = Files.readAllBytes(data().path());
    }

    ReplicaStartup<FetchedState> startup(LogFiles log) {
      return new ReplicaStartup<>(
          new FakeLogEngine(log),
          group,
          raft,
          marker,
          data(),
          peers,
          new ReplicaStartup.Timeouts(Duration.ofMillis(200), Duration.ofMillis(200)));
    }

    /** The message of the exception for the damaged file. */
    String damage() {
      DamagedFileException damage =
          catchThrowableOfType(DamagedFileException.class, () -> data().open());
      return String.valueOf(damage.getMessage());
    }

    /** What has become of the directory of the log. */
    String raftAfter(boolean existed) throws IOException {
      boolean exists = Files.exists(raft);
      if (quarantined("raft")) {
        return exists ? "replaced" : "quarantined";
      }
      return exists ? (existed ? "kept" : "new") : "none";
    }

    /** What has become of the data file. */
    String dataAfter() throws IOException {
      boolean exists = Files.exists(data().path());
      if (quarantined("orders.mv.db")) {
        return exists ? "replaced" : "quarantined";
      }
      if (dataBefore.length == 0) {
        return exists ? "created" : "none";
      }
      return exists ? "kept" : "lost";
    }

    boolean quarantined(String name) throws IOException {
      try (Stream<Path> files = Files.list(home)) {
        return files.anyMatch(f -> f.getFileName().toString().startsWith(name + ".quarantine-"));
      }
    }
  }

  /** The other members as an operator finds them who heals a node. */
  private static final class Peers implements MemberRejoin.Peers {
    boolean hasLeader = true;
    @Nullable String silent;

    @Override
    public MemberRejoin.NoOpEntry commitNoOp() throws IOException {
      if (!hasLeader) {
        throw new IOException("no leader");
      }
      return new MemberRejoin.NoOpEntry(LEADER, REJOIN_INDEX);
    }

    @Override
    public MemberRejoin.PeerStatus status(String member) throws IOException {
      if (member.equals(silent)) {
        throw new IOException(member + " is silent");
      }
      return new MemberRejoin.PeerStatus(member.equals("order-1") ? 6 : 5, REJOIN_INDEX);
    }
  }

  @TempDir Path temporary;

  private static Member member(int id) {
    return new Member("order-" + id, id, "localhost", 7_000 + id);
  }

  /** The log that a row names: "0-9" holds the entries from 0 to 9. */
  private static LogFiles log(String log) {
    return switch (log) {
      case "none" -> new LogFiles.Absent();
      case "damaged" -> new LogFiles.Damaged("log_0-9 ends early");
      case "empty, term 0" -> new FakeLogEngine.IntactLog(0, -1, -1);
      case "empty, term 3" -> new FakeLogEngine.IntactLog(3, -1, -1);
      default -> {
        List<Long> range = Arrays.stream(log.split("-", -1)).map(Long::valueOf).toList();
        yield new FakeLogEngine.IntactLog(3, range.getFirst(), range.getLast());
      }
    };
  }

  private static List<Integer> groupSizes(String group) {
    return switch (group) {
      case "one" -> List.of(1);
      case "three" -> List.of(3);
      default -> List.of(1, 3);
    };
  }

  private static List<Boolean> markers(String marker) {
    return switch (marker) {
      case "no" -> List.of(false);
      case "yes" -> List.of(true);
      default -> List.of(false, true);
    };
  }

  @ParameterizedTest(name = "Raft: {0}; data: {1}; marker: {2}; members: {3} → {4}")
  @DisplayName("A normal start follows the table of all cases")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # Raft directory | data file     | marker | members | result                 | data after | marker after
          none             | none          | no     | any     | new member             | created    | yes
          none             | none          | yes    | any     | refuses: files gone    | none       | yes
          none             | empty         | any    | any     | refuses: log gone      | kept       | as before
          none             | applied 4     | any    | any     | refuses: log gone      | kept       | as before
          none             | damaged       | any    | any     | refuses: log gone      | kept       | as before
          damaged          | none          | any    | any     | refuses: log damaged   | none       | as before
          damaged          | applied 4     | any    | any     | refuses: log damaged   | kept       | as before
          damaged          | damaged       | any    | any     | refuses: log damaged   | kept       | as before
          empty, term 0    | none          | any    | any     | starts after -1        | created    | yes
          empty, term 0    | damaged       | any    | any     | starts after -1        | replaced   | yes
          empty, term 0    | empty         | any    | any     | starts after -1        | kept       | yes
          empty, term 0    | applied 4     | any    | any     | refuses: log end lost  | kept       | yes
          empty, term 3    | none          | any    | any     | refuses: all data gone | none       | yes
          empty, term 3    | damaged       | any    | any     | refuses: all data gone | kept       | yes
          empty, term 3    | empty         | any    | any     | starts after -1        | kept       | yes
          empty, term 3    | fetched 12    | any    | any     | starts after 12        | kept       | yes
          empty, term 3    | fetched 12 13 | any    | any     | refuses: log end lost  | kept       | yes
          empty, term 3    | applied 4     | any    | any     | refuses: log end lost  | kept       | yes
          0-9              | none          | any    | any     | starts after -1        | created    | yes
          0-9              | damaged       | any    | any     | starts after -1        | replaced   | yes
          0-9              | empty         | any    | any     | starts after -1        | kept       | yes
          0-9              | applied 4     | any    | any     | starts after 4         | kept       | yes
          0-9              | applied 9     | any    | any     | starts after 9         | kept       | yes
          0-9              | applied 10    | any    | any     | refuses: log end lost  | kept       | yes
          0-9              | fetched 12    | any    | any     | starts after 12        | kept       | yes
          0-9              | fetched 12 13 | any    | any     | refuses: log end lost  | kept       | yes
          5-9              | none          | any    | three   | fetches up to 20       | created    | yes
          5-9              | none          | any    | one     | refuses: no source     | none       | yes
          5-9              | damaged       | any    | three   | fetches up to 20       | replaced   | yes
          5-9              | damaged       | any    | one     | refuses: no source     | kept       | yes
          5-9              | applied 3     | any    | three   | fetches up to 20       | kept       | yes
          5-9              | applied 3     | any    | one     | refuses: no source     | kept       | yes
          5-9              | empty         | any    | three   | fetches up to 20       | kept       | yes
          5-9              | empty         | any    | one     | refuses: no source     | kept       | yes
          5-9              | applied 4     | any    | any     | starts after 4         | kept       | yes
          5-9              | applied 7     | any    | any     | starts after 7         | kept       | yes
          5-9              | applied 9     | any    | any     | starts after 9         | kept       | yes
          5-9              | applied 10    | any    | any     | refuses: log end lost  | kept       | yes
          5-9              | fetched 12    | any    | any     | starts after 12        | kept       | yes
          5-9              | fetched 12 13 | any    | any     | refuses: log end lost  | kept       | yes
          """)
  void normalStart(
      String log,
      String data,
      String marker,
      String members,
      String result,
      String dataAfter,
      String markerAfter)
      throws IOException {
    for (int size : groupSizes(members)) {
      for (boolean marked : markers(marker)) {
        Fixture fixture = new Fixture(size);
        fixture.createData(data);
        if (marked) {
          fixture.marker.create();
        }
        fixture.sources.positions.put("order-3", 20L);

        String actual = run(() -> fixture.startup(log(log)).start());

        assertThat(actual).isEqualTo(expected(result, fixture, data, log));
        assertThat(fixture.dataAfter()).isEqualTo(dataAfter);
        assertThat(fixture.marker.exists()).isEqualTo(markerAfter.equals("yes") || marked);
        assertThat(Files.exists(fixture.raft)).isEqualTo(result.equals("new member"));
        assertThat(fixture.quarantined("raft")).isFalse();
        assertThat(fixture.sources.asked)
            .isEqualTo(result.startsWith("fetches") ? List.of("order-1", "order-3") : List.of());
      }
    }
  }

  @ParameterizedTest(name = "Raft: {0}; data: {1}; members: {2}; others: {3} → {4}")
  @DisplayName("A start that heals the node follows the table of all cases")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # Raft | data       | members | others                | result             | Raft after  | data after
          none   | none       | three   | respond               | rejoins after 15   | new         | created
          none   | applied 4  | three   | respond               | rejoins after 15   | new         | kept
          exists | none       | three   | respond               | rejoins after 15   | replaced    | created
          exists | applied 4  | three   | respond               | rejoins after 15   | replaced    | kept
          exists | applied 9  | three   | respond               | rejoins after 15   | replaced    | kept
          exists | applied 10 | three   | respond               | rejoins after 15   | replaced    | replaced
          exists | applied 12 | three   | respond               | rejoins after 15   | replaced    | replaced
          exists | damaged    | three   | respond               | rejoins after 15   | replaced    | replaced
          none   | none       | three   | order-1 is silent     | refuses: silent    | none        | none
          exists | damaged    | three   | order-1 is silent     | refuses: silent    | kept        | kept
          exists | applied 4  | three   | have no leader        | refuses: no leader | kept        | kept
          exists | applied 4  | three   | provide no state      | refuses: no state  | quarantined | kept
          exists | applied 4  | three   | provide an old state  | refuses: old state | quarantined | kept
          exists | damaged    | three   | provide no state      | refuses: no state  | quarantined | replaced
          none   | none       | one     | do not exist          | refuses: no others | none        | none
          exists | applied 4  | one     | do not exist          | refuses: no others | kept        | kept
          """)
  void healingStart(
      String raft,
      String data,
      String members,
      String others,
      String result,
      String raftAfter,
      String dataAfter)
      throws IOException {
    for (boolean marked : List.of(false, true)) {
      Fixture fixture = new Fixture(groupSizes(members).getFirst());
      fixture.createData(data);
      if (raft.equals("exists")) {
        Files.createDirectory(fixture.raft);
      }
      if (marked) {
        fixture.marker.create();
      }
      fixture.sources.positions.put(LEADER, 15L);
      switch (others) {
        case "order-1 is silent" -> fixture.peers.silent = "order-1";
        case "have no leader" -> fixture.peers.hasLeader = false;
        case "provide no state" -> fixture.sources.positions.clear();
        case "provide an old state" -> fixture.sources.positions.put(LEADER, 7L);
        default -> assertThat(others).isIn("respond", "do not exist");
      }
      LogFiles found = new LogFiles.Damaged("heal does not read the log");

      String actual = run(() -> fixture.startup(found).heal());

      assertThat(actual).isEqualTo(expectedOfHealing(result));
      assertThat(fixture.dataAfter()).isEqualTo(dataAfter);
      assertThat(fixture.raftAfter(raft.equals("exists"))).isEqualTo(raftAfter);
      assertThat(fixture.marker.exists()).isTrue();
      if (result.startsWith("rejoins")) {
        // The highest term of the other members: in this term the member does not vote.
        assertThat(fixture.raft.resolve(FakeLogEngine.VOTE)).hasContent("6");
      }
    }
  }

  private static String expectedOfHealing(String result) {
    if (result.startsWith("rejoins")) {
      return result.replace("rejoins", "starts");
    }
    String reason =
        switch (result) {
          case "refuses: silent" ->
              "order-1 does not answer; every other member must, because this member no longer"
                  + " knows how it voted";
          case "refuses: no leader" -> "no leader";
          case "refuses: no state" -> "order-3 does not respond";
          case "refuses: old state" ->
              "order-3 returned a state up to (term 1, index 7), but entry 10 is required";
          case "refuses: no others" ->
              "order-2 is the only member, so no other member can tell which entries it had";
          default -> throw new IllegalArgumentException(result);
        };
    return "order-2 cannot be healed now and does not take part: " + reason;
  }

  @Test
  @DisplayName("After a failed attempt to heal it, a member without a log still does not start")
  void refusesAfterFailedHealing() throws IOException {
    Fixture fixture = new Fixture(3);
    fixture.peers.hasLeader = false;
    assertThat(run(() -> fixture.startup(log("none")).heal())).contains("no leader");

    assertThat(run(() -> fixture.startup(log("none")).start())).contains("its files are gone");
  }

  @Test
  @DisplayName("If no other member provides the missing entries in time, the start is refused")
  void refusesIfMissingEntriesCannotBeFetched() throws IOException {
    for (long position : new long[] {-1, 3}) {
      Fixture fixture = new Fixture(3);
      fixture.createData("applied 2");
      if (position >= 0) {
        fixture.sources.positions.put("order-1", position);
      }

      StorageException refusal =
          catchThrowableOfType(
              StorageException.class, () -> fixture.startup(log("5-9")).start().opened());

      assertThat(refusal).hasMessage("order-2 cannot be rebuilt now");
      assertThat(refusal.getCause())
          .hasMessage("no other member can provide the lost entries up to entry 4");
      assertThat(fixture.dataAfter()).isEqualTo("kept");
      // The file was closed, so another attempt can open it.
      fixture.sources.positions.put("order-3", 4L);
      assertThat(run(() -> fixture.startup(log("5-9")).start())).isEqualTo("starts after 4");
    }
  }

  @Test
  @DisplayName("A file in which a running node found damage is replaced at the next start")
  void replacesFileWithDamageRecord() throws IOException {
    Fixture fixture = new Fixture(3);
    fixture.createData("applied 4");
    DataFile.recordDamage(fixture.file, "page 7 is damaged");

    assertThat(run(() -> fixture.startup(log("0-9")).start())).isEqualTo("starts after -1");

    assertThat(fixture.dataAfter()).isEqualTo("replaced");
    assertThat(fixture.quarantined("orders.damaged")).isTrue();
    assertThat(fixture.home.resolve("orders.damaged")).doesNotExist();
  }

  @Test
  @DisplayName("The only member keeps a file in which it found damage, and reports the damage")
  void onlyMemberReportsRecordedDamage() throws IOException {
    Fixture fixture = new Fixture(1);
    fixture.createData("applied 4");
    DataFile.recordDamage(fixture.file, "page 7 is damaged");

    assertThat(run(() -> fixture.startup(log("5-9")).start()))
        .isEqualTo(noSource(fixture.data().path() + ": page 7 is damaged"));
    assertThat(fixture.dataAfter()).isEqualTo("kept");
  }

  @Test
  @DisplayName("A member that has lost all its data is refused at every start, not only the first")
  void refusesLostDataAtEveryStart() throws IOException {
    for (String data : List.of("none", "damaged")) {
      Fixture fixture = new Fixture(3);
      fixture.createData(data);

      for (int start = 1; start <= 3; start++) {
        assertThat(run(() -> fixture.startup(log("empty, term 3")).start()))
            .as("data: %s, start %d", data, start)
            .contains("its data are gone");
      }
    }
  }

  @ParameterizedTest
  @DisplayName("A file whose opening has ended three processes in a row is replaced")
  @CsvSource({"2, starts after 4, kept", "3, starts after -1, replaced"})
  void replacesFileWhoseOpeningEndsTheProcess(int openings, String result, String dataAfter)
      throws IOException {
    Fixture fixture = new Fixture(3);
    fixture.createData("applied 4");
    Files.write(fixture.home.resolve("orders.opening"), new byte[openings]);

    assertThat(run(() -> fixture.startup(log("0-9")).start())).isEqualTo(result);

    assertThat(fixture.dataAfter()).isEqualTo(dataAfter);
    assertThat(fixture.home.resolve("orders.opening")).doesNotExist();
  }

  private static String expected(String result, Fixture fixture, String data, String log) {
    Path file = fixture.data().path();
    return switch (result) {
      case "new member" -> "starts after -1";
      case "fetches up to 20" -> "starts after 20";
      case "refuses: files gone" ->
          mayHaveForgotten(
              fixture,
              "its files are gone (it has been a member, but " + fixture.raft + " does not exist)");
      case "refuses: log gone" ->
          mayHaveForgotten(
              fixture,
              "its Raft log is gone (" + file + " exists, but " + fixture.raft + " does not)");
      case "refuses: log damaged" ->
          mayHaveForgotten(fixture, "its Raft log is damaged (log_0-9 ends early)");
      case "refuses: all data gone" ->
          mayHaveForgotten(
              fixture, "its data are gone and its log holds no entry (no file shows what it had)");
      case "refuses: log end lost" ->
          mayHaveForgotten(
              fixture,
              "its Raft log has lost its end (the log ends at entry "
                  + (log.startsWith("empty") ? "-1" : "9")
                  + ", the data end at entry "
                  + data.substring(data.lastIndexOf(' ') + 1)
                  + ")");
      case "refuses: no source" ->
          switch (data) {
            case "none" -> noSource(file + " is gone");
            case "damaged" -> noSource(fixture.damage());
            case "empty" -> noSource("its data end at entry -1");
            default -> noSource("its data end at entry 3");
          };
      default -> result;
    };
  }

  private static String mayHaveForgotten(Fixture fixture, String why) {
    return "order-2 must not take part in its group: "
        + why
        + ". It may have forgotten a vote, or entries that it acknowledged. "
        + (fixture.group.hasOneMember()
            ? "It is the only member of its group, so no other member has its data. Restore its"
                + " directory from a backup"
            : "Start all other members, then run: toyctl heal order-2");
  }

  private static String noSource(String why) {
    return "order-2 cannot be rebuilt: "
        + why
        + ". It is the only member of its group, and its log begins at entry 5. Restore its"
        + " directory from a backup";
  }

  /** Runs a start, and describes its result: the position of the data, or the refusal. */
  private static String run(Supplier<ReplicaStartup.Ready<FetchedState>> start) {
    try {
      DataFile.Opened<FetchedState> opened = start.get().opened();
      String result = "starts after " + opened.state().recoveredPosition().index();
      opened.database().close();
      return result;
    } catch (StorageException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
