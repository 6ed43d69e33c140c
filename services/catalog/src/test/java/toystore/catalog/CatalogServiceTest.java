package toystore.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.cache.CacheSessions;
import toystore.cache.ChangePublisher;
import toystore.config.BatchSettings;
import toystore.config.ProductCsv;
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
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.Hold;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.ProductReadRequest;

/**
 * Uses a log of one member, whose state applies commands only when the test permits it. The test
 * also decides when the member's leaderships begin and end, and when the leases of the previous
 * leader have expired.
 */
@Timeout(90)
class CatalogServiceTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SOON = Duration.ofSeconds(30);

  /** A state that applies no command while its gate is shut. */
  private static final class GatedCatalogState implements ReplicatedState {
    private final CatalogState state;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile boolean reached;

    GatedCatalogState(CatalogState state) {
      this.state = state;
    }

    void shut() {
      gate = new CountDownLatch(1);
    }

    void open() {
      gate.countDown();
    }

    /** While the gate is shut, the submitting thread must not apply commands. */
    @Override
    public boolean applyMayBlock() {
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
    public LogPosition recoveredPosition() {
      return state.recoveredPosition();
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

  /** A leadership that waits until the leases of the previous leader have expired. */
  private record Takeover(Thread thread, CompletableFuture<Void> leasesExpired) {
    /** Lets the leases expire, and waits until the catalog has opened or was deposed. */
    void expireLeases() throws InterruptedException {
      leasesExpired.complete(null);
      assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
    }
  }

  /** Leases that expire when the test decides. */
  private static final class TestSessions extends CacheSessions {
    final LinkedBlockingQueue<Takeover> takeovers = new LinkedBlockingQueue<>();

    TestSessions() {
      super(Ticker.systemTicker(), LONG);
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // waits without blocking other threads
    public Duration untilOpen() {
      Takeover mine = new Takeover(Thread.currentThread(), new CompletableFuture<>());
      takeovers.add(mine);
      mine.leasesExpired().join();
      return Duration.ZERO;
    }

    Takeover next() throws InterruptedException {
      return Objects.requireNonNull(takeovers.poll(10, TimeUnit.SECONDS), "no takeover is waiting");
    }
  }

  private final class Events implements LogListener {
    @Override
    public void leadershipStarted(long term) {}

    @Override
    public void leadershipEnded() {}

    @Override
    public void leaderChanged(String leader, long term) {}

    @Override
    public void fatal(String what, @Nullable Throwable cause) {
      fatal.add(what + ": " + cause);
    }
  }

  /** An invalidation message to a front end. The test acknowledges it. */
  private record Invalidation(List<String> names, CompletableFuture<NodeReply> reply) {
    void acknowledge() {
      reply.complete(new NodeReply(200, new byte[0], null));
    }
  }

  @TempDir private Path directory = Path.of("");

  private final List<String> fatal = new CopyOnWriteArrayList<>();
  private final LinkedBlockingQueue<Invalidation> invalidations = new LinkedBlockingQueue<>();
  private final TestSessions sessions = new TestSessions();
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final AtomicInteger timesOpened = new AtomicInteger();

  private @Nullable Database database;
  private @Nullable CatalogState state;
  private @Nullable GatedCatalogState gated;
  private @Nullable ReplicatedLog log;
  private @Nullable ChangePublisher publisher;
  private @Nullable CatalogOpening opening;
  private @Nullable CatalogService service;

  private CompletableFuture<NodeReply> receive(
      String url, byte @Nullable [] body, Duration timeout) {
    try {
      Invalidation invalidation =
          new Invalidation(
              MessageCodec.fromCbor(
                      Objects.requireNonNull(body), CacheLeaseMessages.Invalidation.class)
                  .names(),
              new CompletableFuture<>());
      invalidations.add(invalidation);
      return invalidation.reply();
    } catch (IOException e) {
      throw new AssertionError("not an invalidation", e);
    }
  }

  /** Opens a catalog that leads for the first time, with 100 Tux and 100 Fox. */
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
            new WriteBehind.FlushPolicy(Duration.ofMillis(10), 100, 1_000),
            (leader, after) -> {
              throw new IOException("there is no other catalog");
            });
    state = stock;
    GatedCatalogState gate = new GatedCatalogState(stock);
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
    ChangePublisher changePublisher =
        new ChangePublisher(this::receive, sessions, new BatchSettings(16, 64), metrics);
    publisher = changePublisher;
    CatalogProposer proposer = new CatalogProposer(stock, raft);
    CatalogOpening catalogOpening =
        new CatalogOpening(
            stock,
            proposer,
            changePublisher,
            sessions,
            List.of(
                new ProductCsv.Item("Tux", new Price(1599), 100),
                new ProductCsv.Item("Fox", new Price(1299), 100)),
            timesOpened::incrementAndGet);
    opening = catalogOpening;
    service = new CatalogService(stock, proposer, catalogOpening, changePublisher, metrics);
    soon().until(raft::leads);
    // The catalog has no products, so it does not wait for leases.
    opening().leadershipStarted(1);
    opening().awaitOpen(SOON);
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
    sessions.takeovers.forEach(t -> t.leasesExpired().complete(null));
    invalidations.forEach(Invalidation::acknowledge);
    publisher().close();
    Objects.requireNonNull(log).close();
    Objects.requireNonNull(database).close();
    assertThat(fatal).isEmpty();
  }

  private CatalogService service() {
    return Objects.requireNonNull(service);
  }

  private CatalogOpening opening() {
    return Objects.requireNonNull(opening);
  }

  private ChangePublisher publisher() {
    return Objects.requireNonNull(publisher);
  }

  private GatedCatalogState gated() {
    return Objects.requireNonNull(gated);
  }

  private Invalidation next() throws InterruptedException {
    return Objects.requireNonNull(
        invalidations.poll(10, TimeUnit.SECONDS), "no cache was invalidated");
  }

  /** Grants a lease to a front end, whose cache must then be invalidated. */
  private void startFrontEnd() {
    CacheLeaseMessages.Renewal renewal =
        new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).lengthMs()).isPositive();
  }

  private static Hold.Batch batch(String name, int quantity) {
    return new Hold.Batch(
        List.of(new Hold(Uuids.fresh(), name, quantity, Uuids.fresh())), Hold.Outcomes.NONE);
  }

  private CompletableFuture<Hold.Answer> hold(String name, int quantity) {
    return async(() -> service().hold(batch(name, quantity)).getFirst());
  }

  private static <T> CompletableFuture<T> async(Callable<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                done.complete(work.call());
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private void assertPublished(long quantity, long version, boolean cacheable) {
    ProductReadRequest.Answer answer = publisher().read("Tux");
    var published = Objects.requireNonNull(answer.product());
    assertThat(published.product().quantity()).isEqualTo(quantity);
    assertThat(published.version()).isEqualTo(version);
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
  @DisplayName(
      "Caches are invalidated while the command commits, and readers see the change only"
          + " afterwards")
  void invalidatesCachesWhileACommandCommits() throws Exception {
    startFrontEnd();
    gated().shut();
    CompletableFuture<Hold.Answer> answer = hold("Tux", 10);

    // The gate keeps the command from being applied.
    Invalidation early = next();
    assertThat(early.names()).containsExactly("Tux");
    assertPublished(100, 1, false);
    early.acknowledge();
    soon().until(() -> metrics.timer("toystore.invalidation.round").count() == 1);
    // All caches have dropped Tux, but the command may still fail.
    assertPublished(100, 1, false);
    assertThat(answer).isNotDone();
    gated().open();
    assertGranted(answer, 2);
    assertPublished(90, 2, true);
    // One invalidation is enough.
    assertThat(invalidations).isEmpty();
  }

  @Test
  @DisplayName(
      "A committed change is published and answered only after all caches dropped the old state")
  void publishesAfterAllCachesAcknowledged() throws Exception {
    startFrontEnd();
    CompletableFuture<Hold.Answer> answer = hold("Tux", 10);
    Invalidation early = next();
    soon().until(() -> onHand() == 90);

    assertPublished(100, 1, false);
    assertThat(answer).isNotDone();
    early.acknowledge();
    assertGranted(answer, 2);
    assertPublished(90, 2, true);
  }

  @Test
  @DisplayName("A hold that will be refused does not invalidate caches")
  void doesNotInvalidateForARefusedHold() {
    startFrontEnd();

    assertThat(hold("Tux", 101)).succeedsWithin(SOON).isEqualTo(new Hold.InsufficientStock(100));
    assertThat(invalidations).isEmpty();
    assertPublished(100, 1, true);
  }

  /** A release does not name its product, so the product is not announced before the commit. */
  @Test
  @DisplayName("Caches are invalidated before the effect of a release is published")
  void invalidatesCachesBeforePublishingARelease() throws Exception {
    Hold.Batch held = batch("Tux", 10);
    assertThat(service().hold(held)).containsExactly(new Hold.Granted(1599, 2));
    startFrontEnd();
    CompletableFuture<List<Hold.Answer>> released =
        async(
            () ->
                service()
                    .hold(
                        new Hold.Batch(
                            List.of(),
                            new Hold.Outcomes(
                                List.of(), List.of(held.holds().getFirst().holdId())))));

    Invalidation late = next();
    assertThat(late.names()).containsExactly("Tux");
    assertThat(onHand()).isEqualTo(100);
    assertPublished(90, 2, false);
    late.acknowledge();
    assertThat(released).succeedsWithin(SOON).isEqualTo(List.of());
    assertPublished(100, 3, true);
  }

  @Test
  @DisplayName("If a command fails, nothing is published and caches may keep the old state again")
  void publishesNothingIfACommandFails() throws Exception {
    startFrontEnd();
    Objects.requireNonNull(log).close();

    // Whether a cache is invalidated depends on how soon the command fails.
    CompletableFuture<Hold.Answer> answer = hold("Tux", 10);
    await().atMost(SOON).until(() -> isDoneOrAcknowledged(answer));
    assertFailed(answer, NotLeaderException.class);
    assertPublished(100, 1, true);
  }

  private boolean isDoneOrAcknowledged(CompletableFuture<?> answer) {
    Invalidation message = invalidations.poll();
    if (message != null) {
      message.acknowledge();
    }
    return answer.isDone();
  }

  @Test
  @DisplayName("A deposed catalog is closed and continues no cache session")
  void aDeposedCatalogIsClosed() {
    CacheLeaseMessages.Renewal renewal =
        new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).continued()).isTrue();
    assertThat(opening().isOpen()).isTrue();
    assertThat(opening().leads()).isTrue();
    opening().leadershipEnded();

    assertThat(opening().isOpen()).isFalse();
    assertThat(opening().leads()).isFalse();
    assertThat(sessions.renew(renewal).continued()).isFalse();
    assertThatThrownBy(() -> opening().awaitOpen(Duration.ofMillis(1)))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(503));
  }

  /** The request arrived in an earlier leadership, so its knowledge of the leader is outdated. */
  @Test
  @DisplayName("A request that waited since before the present leadership is rejected")
  void rejectsRequestsOfAnEarlierLeadership() throws Exception {
    opening().leadershipEnded();
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Void> waiter = awaitOpenAsync(started);
    opening().leadershipStarted(2);

    // It fails while the second leadership waits for leases, not when that leadership opens.
    Takeover second = sessions.next();
    assertFailed(waiter, ApiException.class);
    assertThat(opening().isOpen()).isFalse();
    second.expireLeases();
    opening().awaitOpen(SOON);
  }

  @Test
  @DisplayName("A request that waits for a takeover is rejected if the takeover fails")
  void rejectsRequestsIfATakeoverFails() throws Exception {
    opening().leadershipStarted(2);
    Takeover second = sessions.next();
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Void> waiter = awaitOpenAsync(started);
    opening().leadershipEnded();

    assertFailed(waiter, ApiException.class);
    second.expireLeases();
    assertThat(opening().isOpen()).isFalse();
  }

  /** Starts a thread that waits until the catalog opens. Returns once that thread waits. */
  private CompletableFuture<Void> awaitOpenAsync(CountDownLatch started)
      throws InterruptedException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  started.countDown();
                  try {
                    opening().awaitOpen(LONG);
                    done.complete(null);
                  } catch (InterruptedException | RuntimeException e) {
                    done.completeExceptionally(e);
                  }
                });
    started.await();
    soon().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    return done;
  }

  /** Another catalog may have granted leases in between. */
  @Test
  @DisplayName("A catalog that was deposed and elected again waits for leases again")
  void waitsForLeasesAgainAfterEachElection() throws Exception {
    opening().leadershipStarted(2);
    Takeover second = sessions.next();
    opening().leadershipEnded();
    opening().leadershipStarted(4);
    Takeover fourth = sessions.next();

    second.expireLeases();
    assertThat(opening().isOpen()).isFalse();
    assertThat(timesOpened).hasValue(1);
    CacheLeaseMessages.Renewal renewal =
        new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).continued()).isFalse();
    fourth.expireLeases();
    assertThat(opening().isOpen()).isTrue();
    assertThat(timesOpened).hasValue(2);
    renewal = new CacheLeaseMessages.Renewal(Uuids.fresh(), "http://frontend", null);
    assertThat(sessions.renew(renewal).continued()).isTrue();
  }

  /** Another catalog may have granted leases that are still valid. */
  @Test
  @DisplayName(
      "After a takeover nothing is sold before the leases of the previous leader have expired")
  void sellsNothingBeforeLeasesExpire() throws Exception {
    opening().leadershipStarted(3);
    Takeover third = sessions.next();

    assertFailed(hold("Tux", 10), NotLeaderException.class);
    assertThat(onHand()).isEqualTo(100);
    third.expireLeases();
    assertGranted(hold("Tux", 10), 2);
  }

  @Test
  @DisplayName(
      "A command that was pending during a takeover fails, and its repetition gets the first"
          + " answer")
  void failsCommandsThatSpanATakeover() throws Exception {
    gated().shut();
    Hold.Batch tux = batch("Tux", 10);
    CompletableFuture<List<Hold.Answer>> answer = async(() -> service().hold(tux));
    soon().until(() -> gated().reached);
    opening().leadershipEnded();
    opening().leadershipStarted(3);
    Takeover third = sessions.next();
    gated().open();

    assertFailed(answer, IndeterminateException.class);
    assertThat(onHand()).isEqualTo(90);
    assertPublished(100, 1, true);
    third.expireLeases();
    // A repetition gets the first answer.
    assertThat(service().hold(tux)).containsExactly(new Hold.Granted(1599, 2));
    assertPublished(90, 2, true);
  }
}
