package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.cache.CacheSessions;
import toystore.cache.ChangePublisher;
import toystore.cache.Ticker;
import toystore.config.ProductCsv;
import toystore.config.StoreConfig;
import toystore.db.log.IndeterminateException;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.BuiltinLogEngine;
import toystore.db.storage.Database;
import toystore.db.storage.WriteBehind;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Price;
import toystore.protocol.api.Uuids;
import toystore.protocol.codec.Json;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.Hold;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.ProductReadRequest;

/**
 * On a log of one member, which applies what was committed only when the test lets it. When the
 * member begins and ends to lead, and how long it waits then, the test says as well.
 */
@Timeout(90)
class CatalogServiceTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SOON = Duration.ofSeconds(30);

  /** A state that can be made to wait before it applies the next command. */
  private static final class Gated implements ReplicatedState {
    private final CatalogState state;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile boolean reached;

    Gated(CatalogState state) {
      this.state = state;
    }

    void shut() {
      gate = new CountDownLatch(1);
    }

    void open() {
      gate.countDown();
    }

    /** Who submits must not wait at the gate. */
    @Override
    public boolean isCrowded() {
      return gate.getCount() > 0;
    }

    @Override
    public Object apply(LogPosition position, byte[] command) {
      reached = gate.getCount() > 0;
      try {
        if (!gate.await(60, TimeUnit.SECONDS)) {
          throw new AssertionError("the gate was not opened");
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return state.apply(position, command);
    }

    @Override
    public LogPosition recovered() {
      return state.recovered();
    }

    @Override
    public void skip(LogPosition position) {
      state.skip(position);
    }

    @Override
    public CompletableFuture<LogPosition> persist() {
      return state.persist();
    }

    @Override
    public LogPosition install(String leader) throws IOException {
      return state.install(leader);
    }
  }

  /** A leadership that waits for the leases of the one before. */
  private record Takeover(Thread thread, CompletableFuture<Void> leasesOver) {
    /** Returns when this leadership has shown what it shows, if anything. */
    void end() throws InterruptedException {
      leasesOver.complete(null);
      assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
    }
  }

  /** Leases that end when the test says so. */
  private static final class TestSessions extends CacheSessions {
    final LinkedBlockingQueue<Takeover> takeovers = new LinkedBlockingQueue<>();

    TestSessions() {
      super(Ticker.SYSTEM, LONG);
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // waits, without keeping others out
    public Duration untilOpen() {
      Takeover mine = new Takeover(Thread.currentThread(), new CompletableFuture<>());
      takeovers.add(mine);
      mine.leasesOver().join();
      return Duration.ZERO;
    }

    Takeover next() throws InterruptedException {
      return Objects.requireNonNull(takeovers.poll(10, TimeUnit.SECONDS), "no takeover waits");
    }
  }

  private final class Events implements LogListener {
    @Override
    public void leading(long term) {}

    @Override
    public void notLeading() {}

    @Override
    public void leaderKnown(String leader, long term) {}

    @Override
    public void fatal(String what, @Nullable Throwable cause) {
      fatal.add(what + ": " + cause);
    }
  }

  /** One message to a front end, acknowledged when the test says so. */
  private record Told(List<String> names, CompletableFuture<NodeReply> reply) {
    void acknowledge() {
      reply.complete(new NodeReply(200, new byte[0], null));
    }
  }

  @TempDir private Path directory = Path.of("");

  private final List<String> fatal = new CopyOnWriteArrayList<>();
  private final LinkedBlockingQueue<Told> told = new LinkedBlockingQueue<>();
  private final TestSessions sessions = new TestSessions();
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final AtomicInteger timesOpened = new AtomicInteger();

  private @Nullable Database database;
  private @Nullable CatalogState state;
  private @Nullable Gated gated;
  private @Nullable ReplicatedLog log;
  private @Nullable ChangePublisher publisher;
  private @Nullable CatalogService service;

  private CompletableFuture<NodeReply> tell(String url, byte @Nullable [] body, Duration timeout) {
    try {
      Told mine =
          new Told(
              Json.fromCbor(Objects.requireNonNull(body), CacheLeaseMessages.Invalidation.class)
                  .names(),
              new CompletableFuture<>());
      told.add(mine);
      return mine.reply();
    } catch (IOException e) {
      throw new AssertionError("not an invalidation", e);
    }
  }

  /** A catalog that leads for the first time, with 100 Tux and 100 Fox, and is open. */
  @BeforeEach
  void start() throws Exception {
    Database file =
        Database.open(
            directory.resolve("catalog"),
            CatalogTables.MIGRATIONS,
            new Database.Sizes(1024, 2),
            e -> fatal.add("the file cannot be written: " + e));
    database = file;
    CatalogState stock =
        new CatalogState(
            file,
            new WriteBehind.Pace(Duration.ofMillis(10), 100, 1_000),
            (leader, after) -> {
              throw new IOException("there is no other catalog");
            });
    state = stock;
    Gated gate = new Gated(stock);
    gated = gate;
    Member self = new Member("catalog", 1, "127.0.0.1", freePort());
    ReplicatedLog raft =
        new BuiltinLogEngine()
            .create(
                new LogGroup(UUID.randomUUID(), self, List.of(self)),
                directory.resolve("raft"),
                LogPosition.NONE)
            .start(
                new LogSettings(
                    Duration.ofMillis(300),
                    Duration.ofMillis(600),
                    Duration.ofMillis(20),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(5),
                    1 << 20,
                    1_000_000,
                    0),
                gate,
                new Events());
    log = raft;
    ChangePublisher shown =
        new ChangePublisher(this::tell, sessions, new StoreConfig.Batch(16, 64), metrics);
    publisher = shown;
    service =
        new CatalogService(
            stock,
            raft,
            shown,
            sessions,
            List.of(
                new ProductCsv.Item("Tux", new Price(1599), 100),
                new ProductCsv.Item("Fox", new Price(1299), 100)),
            timesOpened::incrementAndGet,
            metrics);
    soon().until(raft::leads);
    // There are no products, so that nothing is waited for.
    service().began(1);
    service().awaitOpen(SOON);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static ConditionFactory soon() {
    return await().atMost(SOON).pollInterval(Duration.ofMillis(10));
  }

  @AfterEach
  void stop() {
    gated().open();
    sessions.takeovers.forEach(t -> t.leasesOver().complete(null));
    told.forEach(Told::acknowledge);
    publisher().close();
    Objects.requireNonNull(log).close();
    Objects.requireNonNull(database).close();
    assertThat(fatal).isEmpty();
  }

  private CatalogService service() {
    return Objects.requireNonNull(service);
  }

  private ChangePublisher publisher() {
    return Objects.requireNonNull(publisher);
  }

  private Gated gated() {
    return Objects.requireNonNull(gated);
  }

  private Told next() throws InterruptedException {
    return Objects.requireNonNull(told.poll(10, TimeUnit.SECONDS), "no cache is told");
  }

  /** A front end that has a lease, and so has to be told of changes. */
  private void frontEnd() {
    CacheLeaseMessages.Renewal renewal =
        new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).lengthMs()).isPositive();
  }

  private static Hold.Batch batch(String name, int quantity) {
    return new Hold.Batch(
        List.of(new Hold(Uuids.fresh(), name, quantity, Uuids.fresh())), Hold.Outcomes.NONE);
  }

  private CompletableFuture<Hold.Answer> hold(String name, int quantity) {
    return meanwhile(() -> service().hold(batch(name, quantity)).getFirst());
  }

  @FunctionalInterface
  private interface Work<T> {
    T run() throws Exception;
  }

  private static <T> CompletableFuture<T> meanwhile(Work<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                done.complete(work.run());
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private void assertShown(long quantity, long version, boolean cacheable) {
    ProductReadRequest.Answer answer = publisher().read("Tux");
    var shown = Objects.requireNonNull(answer.product());
    assertThat(shown.product().quantity()).isEqualTo(quantity);
    assertThat(shown.version()).isEqualTo(version);
    assertThat(answer.cacheable()).isEqualTo(cacheable);
  }

  private long onHand() {
    return Objects.requireNonNull(state).products().stream()
        .filter(p -> p.name().equals("Tux"))
        .findFirst()
        .orElseThrow()
        .onHand();
  }

  private static void assertGranted(CompletableFuture<Hold.Answer> answer, long version) {
    assertThat(answer).succeedsWithin(SOON).isEqualTo(new Hold.Granted(1599, version));
  }

  private static void assertFailed(CompletableFuture<?> answer, Class<? extends Exception> with) {
    assertThatThrownBy(() -> answer.get(SOON.toMillis(), TimeUnit.MILLISECONDS))
        .hasCauseInstanceOf(with);
  }

  @Test
  void cachesForgetWhileTheCommandCommitsAndReadersSeeItOnlyAfterwards() throws Exception {
    frontEnd();
    gated().shut();
    CompletableFuture<Hold.Answer> answer = hold("Tux", 10);

    // The log is not done with the command, and cannot be.
    Told early = next();
    assertThat(early.names()).containsExactly("Tux");
    assertShown(100, 1, false);
    early.acknowledge();
    soon().until(() -> metrics.timer("toystore.invalidation.round").count() == 1);
    // All caches have forgotten it, but it may still come to nothing.
    assertShown(100, 1, false);
    assertThat(answer).isNotDone();
    gated().open();
    assertGranted(answer, 2);
    assertShown(90, 2, true);
    // Once was enough.
    assertThat(told).isEmpty();
  }

  @Test
  void whatIsCommittedIsShownAndAnsweredOnlyWhenAllCachesHaveForgottenTheOldState()
      throws Exception {
    frontEnd();
    CompletableFuture<Hold.Answer> answer = hold("Tux", 10);
    Told early = next();
    soon().until(() -> onHand() == 90);

    assertShown(100, 1, false);
    assertThat(answer).isNotDone();
    early.acknowledge();
    assertGranted(answer, 2);
    assertShown(90, 2, true);
  }

  @Test
  void aHoldThatWillBeRefusedTellsNoCache() {
    frontEnd();

    assertThat(hold("Tux", 101)).succeedsWithin(SOON).isEqualTo(new Hold.NotEnough(100));
    assertThat(told).isEmpty();
    assertShown(100, 1, true);
  }

  /** A release names a hold and no product. */
  @Test
  void ofWhatAReleaseMakesCachesAreToldBeforeItIsShown() throws Exception {
    Hold.Batch held = batch("Tux", 10);
    assertThat(service().hold(held)).containsExactly(new Hold.Granted(1599, 2));
    frontEnd();
    CompletableFuture<List<Hold.Answer>> released =
        meanwhile(
            () ->
                service()
                    .hold(
                        new Hold.Batch(
                            List.of(),
                            new Hold.Outcomes(
                                List.of(), List.of(held.holds().getFirst().holdId())))));

    Told late = next();
    assertThat(late.names()).containsExactly("Tux");
    assertThat(onHand()).isEqualTo(100);
    assertShown(90, 2, false);
    late.acknowledge();
    assertThat(released).succeedsWithin(SOON).isEqualTo(List.of());
    assertShown(100, 3, true);
  }

  @Test
  void ofACommandThatCameToNothingNothingIsShownAndCachesMayKeepTheOldStateAgain()
      throws Exception {
    frontEnd();
    Objects.requireNonNull(log).close();

    // Whether a cache is told at all depends on how soon the command fails.
    CompletableFuture<Hold.Answer> answer = hold("Tux", 10);
    await().atMost(SOON).until(() -> isDoneOrAcknowledged(answer));
    assertFailed(answer, NotLeaderException.class);
    assertShown(100, 1, true);
  }

  private boolean isDoneOrAcknowledged(CompletableFuture<?> answer) {
    Told message = told.poll();
    if (message != null) {
      message.acknowledge();
    }
    return answer.isDone();
  }

  @Test
  void whoIsDeposedIsNotOpenAndContinuesNoSession() {
    CacheLeaseMessages.Renewal renewal =
        new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).continued()).isTrue();
    assertThat(service().isOpen()).isTrue();
    assertThat(service().leads()).isTrue();
    service().ended();

    assertThat(service().isOpen()).isFalse();
    assertThat(service().leads()).isFalse();
    assertThat(sessions.renew(renewal).continued()).isFalse();
    assertThatThrownBy(() -> service().awaitOpen(Duration.ofMillis(1)))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(503));
  }

  /** Its request came before this catalog led again: what it knew of the leader is of the past. */
  @Test
  void whoWaitsBetweenTwoLeadershipsIsToldToAskAgain() throws Exception {
    service().ended();
    CountDownLatch asked = new CountDownLatch(1);
    CompletableFuture<Void> waiter = awaitOpen(asked);
    service().began(2);

    // While the second leadership waits for leases, and not by its opening.
    Takeover second = sessions.next();
    assertFailed(waiter, ApiException.class);
    assertThat(service().isOpen()).isFalse();
    second.end();
    service().awaitOpen(SOON);
  }

  @Test
  void whoWaitsForATakeoverThatFailsIsToldToAskAgain() throws Exception {
    service().began(2);
    Takeover second = sessions.next();
    CountDownLatch asked = new CountDownLatch(1);
    CompletableFuture<Void> waiter = awaitOpen(asked);
    service().ended();

    assertFailed(waiter, ApiException.class);
    second.end();
    assertThat(service().isOpen()).isFalse();
  }

  /** Returns once the waiter waits. */
  private CompletableFuture<Void> awaitOpen(CountDownLatch asked) throws InterruptedException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  asked.countDown();
                  try {
                    service().awaitOpen(LONG);
                    done.complete(null);
                  } catch (InterruptedException | RuntimeException e) {
                    done.completeExceptionally(e);
                  }
                });
    asked.await();
    soon().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    return done;
  }

  /** The leases that another catalog gave in between are newer than what the first waits for. */
  @Test
  void aCatalogThatLostItsOfficeAndGotItBackWaitsAnew() throws Exception {
    service().began(2);
    Takeover second = sessions.next();
    service().ended();
    service().began(4);
    Takeover fourth = sessions.next();

    second.end();
    assertThat(service().isOpen()).isFalse();
    assertThat(timesOpened).hasValue(1);
    CacheLeaseMessages.Renewal renewal =
        new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).continued()).isFalse();
    fourth.end();
    assertThat(service().isOpen()).isTrue();
    assertThat(timesOpened).hasValue(2);
    renewal = new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).continued()).isTrue();
  }

  /** A batch that waited for its turn since before: another catalog has given leases meanwhile. */
  @Test
  void nothingIsSoldAfterATakeoverBeforeItsLeasesAreOver() throws Exception {
    service().began(3);
    Takeover third = sessions.next();

    assertFailed(hold("Tux", 10), NotLeaderException.class);
    assertThat(onHand()).isEqualTo(100);
    third.end();
    assertGranted(hold("Tux", 10), 2);
  }

  @Test
  void whatWasOnItsWayDuringATakeoverIsAnsweredOnlyAfterIt() throws Exception {
    gated().shut();
    Hold.Batch tux = batch("Tux", 10);
    CompletableFuture<List<Hold.Answer>> answer = meanwhile(() -> service().hold(tux));
    soon().until(() -> gated().reached);
    service().ended();
    service().began(3);
    Takeover third = sessions.next();
    gated().open();

    assertFailed(answer, IndeterminateException.class);
    assertThat(onHand()).isEqualTo(90);
    assertShown(100, 1, true);
    third.end();
    // The repetition gets the first answer.
    assertThat(service().hold(tux)).containsExactly(new Hold.Granted(1599, 2));
    assertShown(90, 2, true);
  }
}
