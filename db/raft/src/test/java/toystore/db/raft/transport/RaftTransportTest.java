package toystore.db.raft.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static toystore.db.raft.TestGroup.get;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogPosition;
import toystore.db.raft.BuiltinLog;
import toystore.db.raft.ScriptedMember;
import toystore.db.raft.ScriptedMember.Act;
import toystore.db.raft.TestGroup;
import toystore.db.raft.TestLedger;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.transport.RaftConnection.Kind;

/** One real member, and one that does over real sockets what networks and crashes do. */
@Timeout(60)
class RaftTransportTest {
  private static final int TIMEOUT_MS = 10_000;
  private static final long TERM = 40;
  private static final String OTHER = "member-1";

  @TempDir Path directory;
  private TestGroup group;
  private ScriptedMember other;

  @BeforeEach
  void start() throws IOException {
    begin(TestGroup.of(directory, 2));
  }

  private void begin(TestGroup with) throws IOException {
    group = with;
    other = new ScriptedMember(group.id(), group.port(1));
  }

  @AfterEach
  void stop() {
    other.close();
    group.close();
    assertThat(other.failures()).isEmpty();
  }

  private BuiltinLog leader() {
    group.start(2);
    return group.awaitLeader(2).log();
  }

  private static List<Long> commands(List<LogEntry> log) {
    return log.stream()
        .filter(entry -> !entry.isEmpty())
        .map(entry -> ByteBuffer.wrap(entry.command()).getLong())
        .toList();
  }

  @Test
  void anAnswerThatIsLostDoesNotStopTheLog() {
    BuiltinLog leader = leader();
    AtomicBoolean lost = new AtomicBoolean();
    other.follow(
        message ->
            !message.entries().isEmpty() && lost.compareAndSet(false, true)
                ? Act.APPEND_SILENTLY
                : Act.APPEND);

    get(leader.submit(TestLedger.command(7, 0)));

    assertThat(lost).isTrue();
    assertThat(commands(other.log())).containsExactly(7L);
  }

  @Test
  void connectionsThatEndInTheMiddleLoseAndRepeatNothing() {
    BuiltinLog leader = leader();
    AtomicInteger count = new AtomicInteger();
    other.follow(message -> count.incrementAndGet() % 7 == 0 ? Act.HANG_UP : Act.APPEND);

    List<CompletableFuture<?>> all = new ArrayList<>();
    for (long id = 0; id < 300; id++) {
      all.add(leader.submit(TestLedger.command(id, 1_000)));
      if (id % 10 == 9) {
        get(all.getLast());
      }
    }

    all.forEach(TestGroup::get);
    List<Long> wanted = LongStream.range(0, 300).boxed().toList();
    assertThat(commands(other.log())).isEqualTo(wanted);
    assertThat(group.member(2).ledger().ids()).isEqualTo(wanted);
  }

  @Test
  void aFollowerWhoseLogIsWalkedBackIsNotToldToFetch() {
    BuiltinLog leader = leader();
    for (long id = 0; id < 200; id++) {
      get(leader.submit(TestLedger.command(id, 0)));
    }
    int steps = 150;
    AtomicInteger refused = new AtomicInteger();
    other.follow(message -> refused.incrementAndGet() <= steps ? Act.REFUSE_LOWER : Act.APPEND);

    get(leader.submit(TestLedger.command(200, 0)));

    assertThat(refused).hasValueGreaterThan(steps);
    assertThat(other.toldOf()).isEqualTo(-1);
    assertThat(commands(other.log())).isEqualTo(LongStream.rangeClosed(0, 200).boxed().toList());
  }

  @Test
  void aFollowerThatLacksWhatTheLogHasDroppedIsToldWhereItBegins() throws IOException {
    other.close();
    begin(TestGroup.purging(directory, 2, 200));
    var _ = leader();
    group.submitMany(0, 3_000, 1_024);
    group.awaitPurged(2);
    assertThat(other.toldOf()).isEqualTo(-1);

    other.loseLog();

    TestGroup.await().until(() -> other.toldOf() == group.logStart(2));
  }

  /** A lost network, say. More is submitted than the connection takes. */
  @Test
  void aFollowerThatTakesNothingHoldsUpNobodyAndIsConnectedAnew() {
    BuiltinLog leader = leader();
    AtomicInteger seen = new AtomicInteger();
    other.follow(
        message ->
            !message.entries().isEmpty() && seen.getAndIncrement() == 0 ? Act.HANG : Act.APPEND);

    List<CompletableFuture<?>> all = new ArrayList<>();
    for (long id = 0; id < 64; id++) {
      all.add(leader.submit(TestLedger.command(id, 500_000)));
    }

    all.forEach(TestGroup::get);
    assertThat(commands(other.log())).isEqualTo(LongStream.range(0, 64).boxed().toList());
  }

  /** Longer than a leader bears silence, and than it waits for an answer. */
  @Test
  void aFollowerWhoseDiskIsSlowIsNotTakenForOneThatIsGone() {
    BuiltinLog leader = leader();
    AtomicInteger slow = new AtomicInteger();
    other.follow(
        message ->
            !message.entries().isEmpty() && slow.getAndIncrement() == 0
                ? Act.APPEND_SLOWLY
                : Act.APPEND);

    get(leader.submit(TestLedger.command(7, 0)));

    assertThat(slow).as("it was sent once").hasValue(1);
    assertThat(group.timesLed()).isEqualTo(1);
    assertThat(commands(other.log())).containsExactly(7L);
  }

  private static LogEntry entry(long index, int bytes) {
    return LogEntry.of(TERM, index, TestLedger.command(index, bytes));
  }

  private static AppendEntries message(long commit, List<LogEntry> entries) {
    long before = entries.getFirst().index() - 1;
    return new AppendEntries(
        OTHER, TERM, new LogPosition(before < 0 ? 0 : TERM, before), commit, entries);
  }

  private RaftConnection connect(UUID ofGroup) throws IOException {
    RaftConnection connection =
        RaftConnection.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), group.port(2)),
            TIMEOUT_MS,
            ofGroup);
    connection.patience(TIMEOUT_MS);
    return connection;
  }

  /** Sends a message and waits for its answer. */
  private static AppendEntriesResponse exchange(RaftConnection over, AppendEntries message)
      throws IOException {
    over.send(Kind.APPEND, RaftMessageCodec.encode(message));
    RaftConnection.Frame answer = over.receive();
    while (answer.kind() == Kind.BUSY) {
      answer = over.receive();
    }
    return RaftMessageCodec.appended(answer.body());
  }

  /** A leader that has come back over a new connection while its old one is still being read. */
  @Test
  void theSameEntriesOverTwoConnectionsAtOnceAreAppendedOnce() throws Exception {
    other.grantNoVotes();
    group.start(2);
    int rounds = 60;
    int perRound = 20;
    CyclicBarrier together = new CyclicBarrier(2);
    List<CompletableFuture<Void>> leaders = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      leaders.add(
          CompletableFuture.runAsync(
              () -> {
                try (RaftConnection mine = connect(group.id())) {
                  for (int round = 0; round < rounds; round++) {
                    long first = (long) round * perRound;
                    List<LogEntry> entries =
                        LongStream.range(first, first + perRound)
                            .mapToObj(index -> entry(index, 1_000))
                            .toList();
                    together.await();
                    assertThat(exchange(mine, message(-1, entries)).taken()).isTrue();
                    together.await();
                  }
                } catch (Exception e) {
                  together.reset();
                  throw new AssertionError(e);
                }
              },
              task -> Thread.ofPlatform().start(task)));
    }

    leaders.forEach(TestGroup::get);

    long last = (long) rounds * perRound - 1;
    try (RaftConnection mine = connect(group.id())) {
      exchange(mine, message(last, List.of(entry(last + 1, 0))));
    }
    TestGroup.await().until(() -> group.member(2).ledger().size() == last + 1);
    assertThat(group.member(2).ledger().ids())
        .isEqualTo(LongStream.rangeClosed(0, last).boxed().toList());
  }

  @Test
  void aMemberOfAnotherGroupIsNotHeard() throws IOException {
    other.grantNoVotes();
    group.start(2);
    try (RaftConnection stranger = connect(UUID.randomUUID())) {
      assertThatThrownBy(() -> exchange(stranger, message(-1, List.of(entry(0, 0)))))
          .isInstanceOf(IOException.class);
    }
    assertThat(group.member(2).log().status().term()).isLessThan(TERM);
  }

  /** What it says of terms is not believed either: nothing of a damaged message is. */
  @Test
  void anEntryThatWasDamagedOnItsWayIsNotTaken() throws IOException {
    other.grantNoVotes();
    group.start(2);
    byte[] damaged = RaftMessageCodec.encode(message(-1, List.of(entry(0, 100))));
    damaged[damaged.length - 50] ^= 1;
    try (RaftConnection leader = connect(group.id())) {
      leader.send(Kind.APPEND, damaged);
      assertThatThrownBy(leader::receive).isInstanceOf(IOException.class);
    }
    assertThat(group.member(2).log().status().term()).isLessThan(TERM);
  }
}
