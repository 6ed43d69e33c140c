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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogPosition;
import toystore.db.raft.BuiltinLog;
import toystore.db.raft.ScriptedMember;
import toystore.db.raft.ScriptedMember.Reaction;
import toystore.db.raft.TestGroup;
import toystore.db.raft.TestLedger;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.transport.RaftConnection.Kind;

/**
 * One real member, and a scripted one that simulates network faults and crashes on real sockets.
 */
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
    useGroup(TestGroup.of(directory, 2));
  }

  private void useGroup(TestGroup with) throws IOException {
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
  @DisplayName("A lost response does not stop the log")
  void lostResponseDoesNotStopTheLog() {
    BuiltinLog leader = leader();
    AtomicBoolean lost = new AtomicBoolean();
    other.setScript(
        message ->
            !message.entries().isEmpty() && lost.compareAndSet(false, true)
                ? Reaction.APPEND_WITHOUT_RESPONSE
                : Reaction.APPEND);

    get(leader.submit(TestLedger.command(7, 0)));

    assertThat(lost).isTrue();
    assertThat(commands(other.log())).containsExactly(7L);
  }

  @Test
  @DisplayName("Broken connections neither lose nor repeat an entry")
  void brokenConnectionsLoseAndRepeatNothing() {
    BuiltinLog leader = leader();
    AtomicInteger count = new AtomicInteger();
    other.setScript(
        message -> count.incrementAndGet() % 7 == 0 ? Reaction.CLOSE_CONNECTION : Reaction.APPEND);

    List<CompletableFuture<?>> all = new ArrayList<>();
    for (long id = 0; id < 300; id++) {
      all.add(leader.submit(TestLedger.command(id, 1_000)));
      if (id % 10 == 9) {
        get(all.getLast());
      }
    }

    all.forEach(TestGroup::get);
    List<Long> expected = LongStream.range(0, 300).boxed().toList();
    assertThat(commands(other.log())).isEqualTo(expected);
    assertThat(group.member(2).ledger().ids()).isEqualTo(expected);
  }

  @Test
  @DisplayName("A follower whose log ends earlier gets entries instead of a state")
  void followerWithOlderLogNeedsNoInstall() {
    BuiltinLog leader = leader();
    for (long id = 0; id < 200; id++) {
      get(leader.submit(TestLedger.command(id, 0)));
    }
    int steps = 150;
    AtomicInteger rejected = new AtomicInteger();
    other.setScript(
        message ->
            rejected.incrementAndGet() <= steps ? Reaction.REJECT_LOWER_INDEX : Reaction.APPEND);

    get(leader.submit(TestLedger.command(200, 0)));

    assertThat(rejected).hasValueGreaterThan(steps);
    assertThat(other.announcedLogStart()).isEqualTo(-1);
    assertThat(commands(other.log())).isEqualTo(LongStream.rangeClosed(0, 200).boxed().toList());
  }

  @Test
  @DisplayName("A follower that lacks dropped entries is notified where the log starts")
  void followerBehindTheLogStartIsNotified() throws IOException {
    other.close();
    useGroup(TestGroup.purging(directory, 2, 200));
    var _ = leader();
    group.submitMany(0, 3_000, 1_024);
    group.awaitPurged(2);
    assertThat(other.announcedLogStart()).isEqualTo(-1);

    other.loseLog();

    TestGroup.await().until(() -> other.announcedLogStart() == group.logStart(2));
  }

  /** For example, after a network failure. The commands exceed the buffers of the connection. */
  @Test
  @DisplayName("A follower that reads nothing blocks no submitter and is connected again")
  void hangingFollowerBlocksNoSubmitter() {
    BuiltinLog leader = leader();
    AtomicInteger seen = new AtomicInteger();
    other.setScript(
        message ->
            !message.entries().isEmpty() && seen.getAndIncrement() == 0
                ? Reaction.HANG
                : Reaction.APPEND);

    List<CompletableFuture<?>> all = new ArrayList<>();
    for (long id = 0; id < 64; id++) {
      all.add(leader.submit(TestLedger.command(id, 500_000)));
    }

    all.forEach(TestGroup::get);
    assertThat(commands(other.log())).isEqualTo(LongStream.range(0, 64).boxed().toList());
  }

  /** The sync takes longer than the election timeout and than the timeout of a request. */
  @Test
  @DisplayName("A follower with a slow disk does not count as failed")
  void slowDiskDoesNotCountAsSilence() {
    BuiltinLog leader = leader();
    AtomicInteger slow = new AtomicInteger();
    other.setScript(
        message ->
            !message.entries().isEmpty() && slow.getAndIncrement() == 0
                ? Reaction.APPEND_SLOWLY
                : Reaction.APPEND);

    get(leader.submit(TestLedger.command(7, 0)));

    assertThat(slow).as("number of requests with entries").hasValue(1);
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
    connection.receiveTimeout(TIMEOUT_MS);
    return connection;
  }

  /** Sends a request and waits for its response. */
  private static AppendEntriesResponse exchange(RaftConnection over, AppendEntries message)
      throws IOException {
    over.send(Kind.APPEND_ENTRIES, RaftMessageCodec.encode(message));
    RaftConnection.Frame answer = over.receive();
    while (answer.kind() == Kind.BUSY) {
      answer = over.receive();
    }
    return RaftMessageCodec.decodeAppendEntriesResponse(answer.body());
  }

  /** A leader may reconnect while the follower still reads from the old connection. */
  @Test
  @DisplayName("The same entries on two connections at once are appended once")
  void sameEntriesOnTwoConnectionsAppendOnce() throws Exception {
    other.grantNoVotes();
    group.start(2);
    int rounds = 60;
    int perRound = 20;
    CyclicBarrier roundBarrier = new CyclicBarrier(2);
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
                    roundBarrier.await();
                    assertThat(exchange(mine, message(-1, entries)).success()).isTrue();
                    roundBarrier.await();
                  }
                } catch (Exception e) {
                  roundBarrier.reset();
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
  @DisplayName("A member of another group is ignored")
  void memberOfAnotherGroupIsIgnored() throws IOException {
    other.grantNoVotes();
    group.start(2);
    try (RaftConnection stranger = connect(UUID.randomUUID())) {
      assertThatThrownBy(() -> exchange(stranger, message(-1, List.of(entry(0, 0)))))
          .isInstanceOf(IOException.class);
    }
    assertThat(group.member(2).log().status().term()).isLessThan(TERM);
  }

  /** The follower also ignores the term of a damaged message. */
  @Test
  @DisplayName("An entry that was damaged in transit is rejected")
  void entryDamagedInTransitIsRejected() throws IOException {
    other.grantNoVotes();
    group.start(2);
    byte[] damaged = RaftMessageCodec.encode(message(-1, List.of(entry(0, 100))));
    damaged[damaged.length - 50] ^= 1;
    try (RaftConnection leader = connect(group.id())) {
      leader.send(Kind.APPEND_ENTRIES, damaged);
      assertThatThrownBy(leader::receive).isInstanceOf(IOException.class);
    }
    assertThat(group.member(2).log().status().term()).isLessThan(TERM);
  }
}
