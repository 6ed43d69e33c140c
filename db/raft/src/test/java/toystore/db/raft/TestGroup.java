package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogEngine;
import toystore.db.log.LogFiles;
import toystore.db.log.LogGroup;
import toystore.db.log.LogSettings;
import toystore.db.log.LogStorageException;
import toystore.db.log.Member;
import toystore.db.log.MemberRejoin;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;

/**
 * A group whose members run in this JVM. Tests start and stop them by their ids, which count from
 * 1; the member with id 1 is named member-1.
 */
public final class TestGroup implements AutoCloseable {
  public static final LogEngine ENGINE = new BuiltinLogEngine();
  static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);
  private static final int MAX_IN_FLIGHT = 256;
  private static final int NEVER = 1_000_000;

  /** Much longer than in production, so that a busy machine does not cause elections. */
  private static final Duration ELECTION_TIMEOUT = Duration.ofMillis(800);

  /** A running member. */
  public record Running(int id, BuiltinLog log, TestLedger ledger, RecordedEvents events) {}

  private final Path directory;
  private final UUID id = UUID.randomUUID();
  private final List<Member> members;
  private final int snapshotEntries;
  private final Duration electionTimeout;
  private final Map<Integer, Running> running = new ConcurrentSkipListMap<>();
  private CountDownLatch leadershipGate = new CountDownLatch(0);

  private TestGroup(Path directory, int size, int snapshotEntries, Duration electionTimeout) {
    this.directory = directory;
    this.snapshotEntries = snapshotEntries;
    this.electionTimeout = electionTimeout;
    List<Integer> ports = UnusedPorts.find(size);
    this.members =
        IntStream.rangeClosed(1, size)
            .mapToObj(m -> new Member("member-" + m, m, "127.0.0.1", ports.get(m - 1)))
            .toList();
  }

  /** A group that never drops entries from its log. No member is running yet. */
  public static TestGroup of(Path directory, int size) {
    return new TestGroup(directory, size, NEVER, ELECTION_TIMEOUT);
  }

  /** A group whose followers wait at least this long for a silent leader. */
  static TestGroup withElectionTimeout(Path directory, int size, Duration electionTimeout) {
    return new TestGroup(directory, size, NEVER, electionTimeout);
  }

  /**
   * A group that drops entries from its log. It does so each time this many entries were applied,
   * and only for entries that the state has made durable.
   */
  public static TestGroup purging(Path directory, int size, int snapshotEntries) {
    return new TestGroup(directory, size, snapshotEntries, ELECTION_TIMEOUT);
  }

  /** Polls at short intervals, because most conditions take a few milliseconds. */
  public static ConditionFactory await() {
    return Awaitility.await().atMost(TIMEOUT).pollDelay(Duration.ZERO).pollInterval(POLL_INTERVAL);
  }

  /**
   * Blocks the listener of each member that is started from now on when the member becomes the
   * leader, until the returned latch is opened.
   */
  CountDownLatch blockLeadershipEvents() {
    leadershipGate = new CountDownLatch(1);
    return leadershipGate;
  }

  // Members and their files

  public UUID id() {
    return id;
  }

  public List<Member> members() {
    return members;
  }

  String name(int member) {
    return members.get(member - 1).name();
  }

  public int port(int member) {
    return members.get(member - 1).port();
  }

  /** The group from the point of view of this member. */
  public LogGroup asMember(int member) {
    return new LogGroup(id, members.get(member - 1), members);
  }

  /** The running members, as a stopped member reaches them. */
  public MemberRejoin.Peers peers() {
    return new TestPeers(this);
  }

  /** The directory that holds all files of a member. */
  public Path home(int member) {
    try {
      return Files.createDirectories(directory.resolve("member-" + member));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path raftDirectory(int member) {
    return home(member).resolve("raft");
  }

  /** Opens the ledger of a stopped member. */
  public TestLedger openLedger(int member) {
    return new TestLedger(
        home(member).resolve("ledger"),
        name -> running(name).ledger(),
        e -> {
          throw new AssertionError(e);
        });
  }

  /** The index of the first entry in the log files of a member. */
  public long logStart(int member) throws IOException {
    try (Stream<Path> files = Files.walk(raftDirectory(member))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.startsWith("log_"))
          .mapToLong(name -> Long.parseLong(name.replaceAll("log_(inprogress_)?(\\d+).*", "$2")))
          .min()
          .orElseThrow();
    }
  }

  // Starting and stopping

  public TestGroup startAll() {
    members.forEach(m -> start(m.id()));
    return this;
  }

  public Running start(int member) {
    RecordedEvents events = new RecordedEvents(leadershipGate);
    TestLedger ledger =
        new TestLedger(
            home(member).resolve("ledger"),
            name -> running(name).ledger(),
            e -> events.fatal("the file cannot be written", e));
    try {
      LogGroup group = asMember(member);
      LogFiles.Intact files =
          switch (ENGINE.open(group, raftDirectory(member))) {
            case LogFiles.Intact intact -> intact;
            case LogFiles.Absent absent ->
                ENGINE.create(group, raftDirectory(member), ledger.recoveredPosition());
            case LogFiles.Damaged damaged -> throw new LogStorageException(damaged.reason());
          };
      BuiltinLog log = (BuiltinLog) files.start(settings(member), ledger, events);
      Running started = new Running(member, log, ledger, events);
      running.put(member, started);
      return started;
    } catch (RuntimeException e) {
      ledger.close();
      throw e;
    }
  }

  private LogSettings settings(int member) {
    int higher = members.size() - member;
    return new LogSettings(
        electionTimeout,
        electionTimeout.plus(ELECTION_TIMEOUT),
        higher == 0 ? Duration.ofMillis(50) : electionTimeout.multipliedBy(1 + 2L * higher),
        Duration.ofMillis(600),
        Duration.ofSeconds(1),
        1 << 20,
        snapshotEntries,
        0);
  }

  public void stop(int member) {
    Running stopping = running.remove(member);
    if (stopping == null) {
      throw new IllegalStateException("member " + member + " is not running");
    }
    stopping.log().close();
    stopping.ledger().close();
  }

  /** Stops all members in parallel, because stopping one takes a second. */
  public void stopAll() {
    CompletableFuture.allOf(
            running.keySet().stream()
                .map(member -> CompletableFuture.runAsync(() -> stop(member)))
                .toArray(CompletableFuture<?>[]::new))
        .join();
  }

  @Override
  public void close() {
    stopAll();
  }

  // Running members

  public Running member(int member) {
    Running found = running.get(member);
    if (found == null) {
      throw new IllegalStateException("member " + member + " is not running");
    }
    return found;
  }

  /**
   * The running member with this name.
   *
   * @throws IOException if that member is not running
   */
  Running running(String name) throws IOException {
    for (Running member : running.values()) {
      if (name(member.id()).equals(name)) {
        return member;
      }
    }
    throw new IOException(name + " is not running");
  }

  /** The member that leads and is ready for commands, or null if there is none. */
  @Nullable Running currentLeader() {
    return running.values().stream().filter(m -> m.log().leads()).findFirst().orElse(null);
  }

  public Running awaitLeader() {
    Running leader = currentLeader();
    if (leader == null) {
      await().until(() -> currentLeader() != null);
      return awaitLeader();
    }
    return leader;
  }

  /** Waits until this member leads and all running members know it. */
  public Running awaitLeader(int member) {
    String name = name(member);
    await()
        .until(
            () ->
                member(member).log().leads()
                    && running.values().stream()
                        .allMatch(m -> name.equals(m.log().status().leader())));
    return member(member);
  }

  /** How often the running members became the leader, in total. */
  public int timesLed() {
    return running.values().stream().mapToInt(m -> m.events().timesLed()).sum();
  }

  // Commands

  /** Submits a command to the current leader. Fails if the outcome is indeterminate. */
  public ReplicatedLog.Applied submit(long command) {
    CompletableFuture<ReplicatedLog.Applied> answer = new CompletableFuture<>();
    await()
        .until(
            () -> {
              try {
                answer.complete(
                    awaitLeader()
                        .log()
                        .submit(TestLedger.command(command, 0))
                        .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS));
                return true;
              } catch (ExecutionException e) {
                if (e.getCause() instanceof NotLeaderException) {
                  return false;
                }
                throw e;
              }
            });
    return get(answer);
  }

  /** Submits commands of this size concurrently, until this many are acknowledged. */
  public void submitMany(long firstId, int count, int bytes) {
    Deque<CompletableFuture<?>> inFlight = new ArrayDeque<>();
    long nextId = firstId;
    int acknowledged = 0;
    while (acknowledged < count) {
      while (inFlight.size() < Math.min(MAX_IN_FLIGHT, count - acknowledged)) {
        inFlight.add(awaitLeader().log().submit(TestLedger.command(nextId++, bytes)));
      }
      if (succeeded(inFlight.remove())) {
        acknowledged++;
      }
    }
  }

  private static boolean succeeded(CompletableFuture<?> submitted) {
    return get(submitted.handle((applied, e) -> e == null));
  }

  public static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  // Expectations

  /**
   * Waits until all running members have exactly these commands, in memory and in their files. No
   * member may have failed.
   */
  void awaitAllHave(List<Long> ids) {
    await()
        .untilAsserted(
            () ->
                assertThat(running.values())
                    .allSatisfy(m -> assertThat(m.ledger().size()).isEqualTo(ids.size())));
    for (Running member : running.values()) {
      assertThat(member.ledger().ids()).as("member %d", member.id()).isEqualTo(ids);
      await().until(() -> member.ledger().written().equals(ids));
    }
    assertNoneFailed();
  }

  /** Waits until all running members have the same commands as the leader. */
  public void awaitAllEqual() {
    awaitAllHave(awaitLeader().ledger().ids());
  }

  void assertNoneFailed() {
    assertThat(running.values())
        .allSatisfy(m -> assertThat(m.events().fatal()).as("member %d", m.id()).isEmpty());
  }

  /** Waits until this member's log has dropped its first entries. */
  public void awaitPurged(int member) {
    await().until(() -> logStart(member) > 0);
  }
}
