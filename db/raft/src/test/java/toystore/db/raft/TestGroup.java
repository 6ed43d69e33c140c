package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
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
import toystore.db.log.LogListener;
import toystore.db.log.LogSettings;
import toystore.db.log.LogStatus;
import toystore.db.log.LogStorageException;
import toystore.db.log.Member;
import toystore.db.log.MemberRejoin;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;

/** Members of one group in this JVM, named member-1 and so on, that tests start and stop. */
public final class TestGroup implements AutoCloseable {
  public static final LogEngine ENGINE = new BuiltinLogEngine();
  static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int IN_FLIGHT = 256;

  /** Much longer than a node's, so that a busy machine makes no leader. */
  private static final Duration ELECTION = Duration.ofMillis(800);

  /** A member that runs. */
  public record Running(int id, BuiltinLog log, TestLedger ledger, Events events) {}

  /** What a member was told. */
  static final class Events implements LogListener {
    private final List<Long> termsLed = new CopyOnWriteArrayList<>();
    private final List<String> fatal = new CopyOnWriteArrayList<>();

    private final CountDownLatch mayHear;

    Events(CountDownLatch mayHear) {
      this.mayHear = mayHear;
    }

    @Override
    public void leading(long term) {
      try {
        mayHear.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      termsLed.add(term);
    }

    @Override
    public void notLeading() {}

    @Override
    public void leaderKnown(String leader, long term) {}

    @Override
    public void fatal(String what, @Nullable Throwable cause) {
      fatal.add(what + (cause == null ? "" : ": " + cause));
    }

    public int timesLed() {
      return termsLed.size();
    }

    List<String> fatal() {
      return fatal;
    }
  }

  private final Path directory;
  private final UUID id = UUID.randomUUID();
  private final List<Member> members;
  private final int snapshotEntries;
  private final Duration election;
  private final Map<Integer, Running> running = new ConcurrentSkipListMap<>();
  private CountDownLatch mayHear = new CountDownLatch(0);

  private TestGroup(Path directory, int size, int snapshotEntries, Duration election) {
    this.directory = directory;
    this.snapshotEntries = snapshotEntries;
    this.election = election;
    List<Integer> ports = freePorts(size);
    this.members =
        IntStream.rangeClosed(1, size)
            .mapToObj(m -> new Member("member-" + m, m, "127.0.0.1", ports.get(m - 1)))
            .toList();
  }

  /** A group that keeps its whole log; none of its members runs yet. */
  public static TestGroup of(Path directory, int size) {
    return new TestGroup(directory, size, 1_000_000, ELECTION);
  }

  /** A group whose members bear a silent leader for this long. */
  static TestGroup patient(Path directory, int size, Duration election) {
    return new TestGroup(directory, size, 1_000_000, election);
  }

  /** A group whose log drops every so many entries what is in the files. */
  public static TestGroup purging(Path directory, int size, int snapshotEntries) {
    return new TestGroup(directory, size, snapshotEntries, ELECTION);
  }

  private static List<Integer> freePorts(int count) {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      sockets.forEach(TestGroup::closeQuietly);
    }
  }

  private static void closeQuietly(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Polls often: what these tests wait for takes milliseconds. */
  public static ConditionFactory await() {
    return Awaitility.await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(POLL);
  }

  /** Members that are started from now on are told no more once they lead, until this is open. */
  CountDownLatch holdUpEvents() {
    mayHear = new CountDownLatch(1);
    return mayHear;
  }

  public TestGroup startAll() {
    members.forEach(m -> start(m.id()));
    return this;
  }

  /** The group as this member sees it. */
  public LogGroup asMember(int member) {
    return new LogGroup(id, members.get(member - 1), members);
  }

  public Running start(int member) {
    Member self = members.get(member - 1);
    Events events = new Events(mayHear);
    TestLedger ledger =
        new TestLedger(
            home(member).resolve("ledger"),
            this::ledgerOf,
            e -> events.fatal("the file cannot be written", e));
    try {
      LogGroup group = new LogGroup(id, self, members);
      LogFiles.Intact files =
          switch (ENGINE.open(group, raftDirectory(member))) {
            case LogFiles.Intact intact -> intact;
            case LogFiles.Absent absent ->
                ENGINE.create(group, raftDirectory(member), ledger.recovered());
            case LogFiles.Damaged damaged -> throw new LogStorageException(damaged.why());
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
        election,
        election.plus(ELECTION),
        higher == 0 ? Duration.ofMillis(50) : election.multipliedBy(1 + 2L * higher),
        Duration.ofMillis(600),
        Duration.ofSeconds(1),
        1 << 20,
        snapshotEntries,
        0);
  }

  private TestLedger ledgerOf(String name) throws IOException {
    for (Running member : running.values()) {
      if (members.get(member.id() - 1).name().equals(name)) {
        return member.ledger();
      }
    }
    throw new IOException(name + " does not run");
  }

  public UUID id() {
    return id;
  }

  public List<Member> members() {
    return members;
  }

  /** A member's ledger that is open while the member itself does not run. */
  public TestLedger openLedger(int member) {
    return new TestLedger(
        home(member).resolve("ledger"),
        this::ledgerOf,
        e -> {
          throw new AssertionError(e);
        });
  }

  /** The members that run, as a member that does not run asks them. */
  public MemberRejoin.Others others() {
    return new MemberRejoin.Others() {
      @Override
      public MemberRejoin.Fence fence() throws IOException {
        Running leader = leaderNow();
        if (leader == null) {
          throw new IOException("nobody leads");
        }
        try {
          long index = leader.log().fence().get(5, TimeUnit.SECONDS).index();
          return new MemberRejoin.Fence(members.get(leader.id() - 1).name(), index);
        } catch (ExecutionException | TimeoutException e) {
          throw new IOException("not committed", e);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted", e);
        }
      }

      @Override
      public MemberRejoin.Seen ask(String member) throws IOException {
        var _ = ledgerOf(member);
        LogStatus status =
            running.values().stream()
                .filter(r -> members.get(r.id() - 1).name().equals(member))
                .findFirst()
                .orElseThrow()
                .log()
                .status();
        return new MemberRejoin.Seen(status.term(), status.appliedIndex());
      }
    };
  }

  /** Where a member has its files. */
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

  public int port(int member) {
    return members.get(member - 1).port();
  }

  public void stop(int member) {
    Running stopping = running.remove(member);
    if (stopping == null) {
      throw new IllegalStateException("member " + member + " does not run");
    }
    stopping.log().close();
    stopping.ledger().close();
  }

  public Running member(int member) {
    Running found = running.get(member);
    if (found == null) {
      throw new IllegalStateException("member " + member + " does not run");
    }
    return found;
  }

  Collection<Running> running() {
    return running.values();
  }

  /** The member that leads and is ready, if one is. */
  @Nullable Running leaderNow() {
    return running.values().stream().filter(m -> m.log().leads()).findFirst().orElse(null);
  }

  public Running awaitLeader() {
    Running leader = leaderNow();
    if (leader == null) {
      await().until(() -> leaderNow() != null);
      return awaitLeader();
    }
    return leader;
  }

  /** Waits until this member leads and all others that run know it. */
  public Running awaitLeader(int member) {
    String name = members.get(member - 1).name();
    await()
        .until(
            () ->
                member(member).log().leads()
                    && running.values().stream()
                        .allMatch(m -> name.equals(m.log().status().leader())));
    return member(member);
  }

  public int timesLed() {
    return running.values().stream().mapToInt(m -> m.events().timesLed()).sum();
  }

  /** Submits to the leader, whoever that is; fails if it is not known whether it was applied. */
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
                        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
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

  /** Submits until so many large commands are acknowledged, several at a time. */
  public void submitMany(long first, int count, int bytes) {
    Deque<CompletableFuture<?>> underWay = new ArrayDeque<>();
    long id = first;
    int acknowledged = 0;
    while (acknowledged < count) {
      while (underWay.size() < Math.min(IN_FLIGHT, count - acknowledged)) {
        underWay.add(awaitLeader().log().submit(TestLedger.command(id++, bytes)));
      }
      if (succeeded(underWay.remove())) {
        acknowledged++;
      }
    }
  }

  private static boolean succeeded(CompletableFuture<?> submitted) {
    return get(submitted.handle((applied, e) -> e == null));
  }

  public static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Waits until all that run have these entries, in memory and in their files, and none failed. */
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

  private Stream<String> segments(int member) throws IOException {
    try (Stream<Path> files = Files.walk(raftDirectory(member))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.startsWith("log_"))
          .toList()
          .stream();
    }
  }

  /** The index with which the log of this member begins. */
  public long logStart(int member) throws IOException {
    return segments(member)
        .mapToLong(name -> Long.parseLong(name.replaceAll("log_(inprogress_)?(\\d+).*", "$2")))
        .min()
        .orElseThrow();
  }

  /** Stops all at once: each takes a second. */
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
}
