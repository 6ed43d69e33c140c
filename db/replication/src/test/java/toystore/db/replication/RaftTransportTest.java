package toystore.db.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static toystore.db.replication.TestGroup.get;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.replication.RaftConnection.Kind;
import toystore.db.replication.ScriptedMember.Act;

/** One real member, and one that does over real sockets what networks and crashes do. */
@Timeout(60)
class RaftTransportTest {
  private static final int TIMEOUT_MS = 10_000;
  private static final long TERM = 40;
  private static final String REAL = "member-2";
  private static final String OTHER = "member-1";

  @TempDir Path directory;
  private TestGroup group;
  private ScriptedMember other;

  @BeforeEach
  void start() throws IOException {
    group = TestGroup.of(directory, 2);
    other = new ScriptedMember(group.port(1));
  }

  private void startPurging() throws IOException {
    other.close();
    group = TestGroup.purging(directory, 2, 200);
    other = new ScriptedMember(group.port(1));
  }

  @AfterEach
  void stop() {
    other.close();
    group.close();
    assertThat(other.failures()).isEmpty();
  }

  private ReplicatedLog leader() {
    group.start(2);
    return group.awaitLeader(2).log();
  }

  private static List<Long> commands(List<LogEntryProto> log) {
    return log.stream()
        .filter(LogEntryProto::hasStateMachineLogEntry)
        .map(entry -> entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer())
        .map(ByteBuffer::getLong)
        .toList();
  }

  @Test
  void anAnswerThatIsLostDoesNotStopTheLog() {
    ReplicatedLog leader = leader();
    AtomicBoolean lost = new AtomicBoolean();
    // All later messages are answered, so that the connection is never silent.
    other.follow(
        message ->
            message.getEntriesCount() > 0 && lost.compareAndSet(false, true)
                ? Act.APPEND_SILENTLY
                : Act.APPEND);

    get(leader.submit(Ledger.command(7, 0)));

    assertThat(lost).isTrue();
    assertThat(commands(other.log())).containsExactly(7L);
  }

  @Test
  void connectionsThatEndInTheMiddleLoseAndRepeatNothing() {
    ReplicatedLog leader = leader();
    AtomicInteger count = new AtomicInteger();
    other.follow(message -> count.incrementAndGet() % 7 == 0 ? Act.HANG_UP : Act.APPEND);

    List<CompletableFuture<?>> all = new ArrayList<>();
    for (long id = 0; id < 300; id++) {
      all.add(leader.submit(Ledger.command(id, 1_000)));
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
  void aFollowerThatRefusesAndRefusesIsToldToFetchWhatItMisses() {
    ReplicatedLog leader = leader();
    AtomicInteger refused = new AtomicInteger();
    // So does one whose install ended when the leader that had told it to was gone.
    other.follow(
        message -> {
          if (other.notifications() > 0) {
            return Act.APPEND;
          }
          refused.incrementAndGet();
          return Act.REFUSE;
        });

    get(leader.submit(Ledger.command(7, 0)));

    assertThat(other.notifications()).isPositive();
    assertThat(refused).as("it does not fetch for nothing").hasValueGreaterThan(50);
  }

  @Test
  void aFollowerWhoseLogIsWalkedBackIsNotToldToFetch() {
    ReplicatedLog leader = leader();
    for (long id = 0; id < 200; id++) {
      get(leader.submit(Ledger.command(id, 0)));
    }
    int steps = 150;
    AtomicInteger refused = new AtomicInteger();
    other.follow(message -> refused.incrementAndGet() <= steps ? Act.REFUSE_LOWER : Act.APPEND);

    get(leader.submit(Ledger.command(200, 0)));

    assertThat(refused).hasValueGreaterThan(steps);
    assertThat(other.notifications()).isZero();
    assertThat(commands(other.log())).isEqualTo(LongStream.rangeClosed(0, 200).boxed().toList());
  }

  /**
   * One that a leader of before told of more than the present log begins with, and whose install
   * nobody asked about, refuses to hear of less (Ratis asserts it before it tells what it has).
   */
  @Test
  void aFollowerThatWasToldOfMoreBeforeIsToldOfWhatIsCommitted() throws IOException {
    startPurging();
    ReplicatedLog leader = leader();
    group.submitMany(0, 3_000, 1_024);
    group.awaitPurged(2);
    long committed = leader.status().commitIndex();
    assertThat(group.logStart(2)).isLessThan(committed);
    other.hearOfNoLessThan(committed);

    other.loseLog();

    TestGroup.await().until(() -> other.toldOf() >= committed);
  }

  private static LogEntryProto entry(long index, int bytes) {
    return LogEntryProto.newBuilder()
        .setTerm(TERM)
        .setIndex(index)
        .setStateMachineLogEntry(
            StateMachineLogEntryProto.newBuilder()
                .setClientId(ClientId.randomId().toByteString())
                .setCallId(index)
                .setLogData(ByteString.copyFrom(Ledger.command(index, bytes))))
        .build();
  }

  private static LogEntryProto configuration(int wrongPort) {
    return LogEntryProto.newBuilder()
        .setTerm(TERM)
        .setIndex(0)
        .setConfigurationEntry(
            RaftConfigurationProto.newBuilder()
                .addPeers(peer(OTHER, 1, wrongPort))
                .addPeers(peer(REAL, 2, wrongPort)))
        .build();
  }

  private static RaftPeerProto peer(String name, int priority, int port) {
    return RaftPeerProto.newBuilder()
        .setId(RaftPeerId.valueOf(name).toByteString())
        .setAddress("127.0.0.1:" + port)
        .setPriority(priority)
        .build();
  }

  private AppendEntriesRequestProto message(long callId, long commit, List<LogEntryProto> entries) {
    AppendEntriesRequestProto.Builder message =
        AppendEntriesRequestProto.newBuilder()
            .setServerRequest(ScriptedMember.request(group.id(), OTHER, REAL, callId))
            .setLeaderTerm(TERM)
            .setLeaderCommit(commit)
            .addAllEntries(entries);
    long first = entries.isEmpty() ? 0 : entries.getFirst().getIndex();
    if (first > 0) {
      message.setPreviousLog(TermIndexProto.newBuilder().setTerm(TERM).setIndex(first - 1));
    }
    return message.build();
  }

  private RaftConnection connect() throws IOException {
    RaftConnection connection =
        RaftConnection.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), group.port(2)), TIMEOUT_MS);
    connection.patience(TIMEOUT_MS);
    return connection;
  }

  /** Sends a message and waits for its answer. */
  private static AppendEntriesReplyProto exchange(
      RaftConnection over, AppendEntriesRequestProto message) throws IOException {
    over.send(Kind.APPEND, message);
    RaftConnection.Frame frame = over.receive();
    assertThat(frame.kind()).as(() -> frame.text()).isEqualTo(Kind.APPEND);
    return AppendEntriesReplyProto.parseFrom(frame.body());
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
                try (RaftConnection mine = connect()) {
                  for (int round = 0; round < rounds; round++) {
                    long first = (long) round * perRound;
                    List<LogEntryProto> entries =
                        LongStream.range(first, first + perRound)
                            .mapToObj(index -> entry(index, 1_000))
                            .toList();
                    together.await();
                    assertThat(exchange(mine, message(round, -1, entries)).getResult())
                        .isEqualTo(AppendResult.SUCCESS);
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
    try (RaftConnection mine = connect()) {
      exchange(mine, message(rounds, last, List.of(entry(last + 1, 0))));
    }
    TestGroup.await().until(() -> group.member(2).ledger().size() == last + 1);
    assertThat(group.member(2).ledger().ids())
        .isEqualTo(LongStream.rangeClosed(0, last).boxed().toList());
  }

  /** A leader of one network writes addresses into the log that mean something else here. */
  @Test
  void whereTheOthersAreIsAMembersOwnSetting() throws Exception {
    other.grantNoVotes();
    group.start(2);
    try (RaftConnection leader = connect()) {
      exchange(leader, message(1, -1, List.of(configuration(1))));
      exchange(leader, message(2, 0, List.of()));
    }
    TestGroup.await().until(() -> group.member(2).log().status().appliedIndex() == 0);
    int votes = other.votes();

    // The leader is silent from here on.
    TestGroup.await().until(() -> other.votes() > votes);
  }
}
