package toystore.order;

import static org.assertj.core.api.Assertions.assertThat;
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
import toystore.client.Deadline;
import toystore.config.BatchSettings;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.BuiltinLogEngine;
import toystore.db.storage.Database;
import toystore.db.storage.WriteBehind;
import toystore.order.log.OrderLog;
import toystore.order.log.OrderLogCommand;
import toystore.order.log.OrderProposer;
import toystore.order.log.OrderTables;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.protocol.message.PurchaseRequest;

/** Uses a log of one member, whose state applies commands only when the test permits it. */
@Timeout(90)
class PurchaseServiceTest {
  private static final BatchSettings SIZES = new BatchSettings(64, 1_024);
  private static final PurchaseRequest TUX = new PurchaseRequest(Uuids.fresh(), "Tux", 10);
  private static final String SOLD_OUT = "Fox";

  /** An order log that applies no command while its gate is shut. */
  private static final class GatedOrderLog implements ReplicatedState {
    private final OrderLog log;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private final AtomicInteger commands = new AtomicInteger();

    GatedOrderLog(OrderLog log) {
      this.log = log;
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
      try {
        if (!gate.await(60, TimeUnit.SECONDS)) {
          throw new AssertionError("the gate was not opened");
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      commands.incrementAndGet();
      return log.apply(position, command);
    }

    @Override
    public LogPosition recoveredPosition() {
      return log.recoveredPosition();
    }

    @Override
    public void skip(LogPosition position) {
      log.skip(position);
    }

    @Override
    public CompletableFuture<LogPosition> persist() {
      return log.persist();
    }

    @Override
    public LogPosition install(String leader) throws IOException {
      return log.install(leader);
    }
  }

  private static final class Events implements LogListener {
    final List<String> fatal = new CopyOnWriteArrayList<>();

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

  @TempDir private Path directory = Path.of("");

  private final Events events = new Events();

  /** The answer of the catalog to each hold, except for the product that is always sold out. */
  private volatile Hold.Answer answer = new Hold.Granted(1599, 7);

  private Hold.Answer answer(Hold hold) {
    return hold.name().equals(SOLD_OUT) ? new Hold.InsufficientStock(0) : answer;
  }

  private final FakeCatalog catalog =
      new FakeCatalog(
          batch ->
              CompletableFuture.completedFuture(
                  FakeCatalog.answers(batch.holds().stream().map(this::answer).toList())));

  private @Nullable Database database;
  private @Nullable GatedOrderLog gated;
  private @Nullable ReplicatedLog replicated;
  private @Nullable HoldClient holdClient;
  private @Nullable PurchaseService service;

  @BeforeEach
  void start() throws IOException {
    Database file =
        Database.open(
            directory.resolve("orders"),
            OrderTables.MIGRATIONS,
            new Database.Sizes(1024, 4),
            e -> events.fatal("the file cannot be written", e));
    database = file;
    OrderLog log =
        new OrderLog(
            file,
            new WriteBehind.FlushPolicy(Duration.ofMillis(10), 5_000, 20_000),
            (member, after) -> {
              throw new IOException("there is no other replica");
            });
    GatedOrderLog state = new GatedOrderLog(log);
    gated = state;
    Member self = new Member("order-1", 1, "127.0.0.1", freePort());
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
                state,
                events);
    replicated = raft;
    HoldClient holds = new HoldClient(catalog.client(), Duration.ofSeconds(10), SIZES);
    holdClient = holds;
    service =
        new PurchaseService(
            log.lookup(),
            new OrderProposer(log, raft, new SimpleMeterRegistry()),
            holds,
            new SimpleMeterRegistry());
    soon().until(raft::leads);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(10));
  }

  @AfterEach
  void stop() {
    gated().open();
    Objects.requireNonNull(holdClient).close();
    replicated().close();
    Objects.requireNonNull(database).close();
    assertThat(events.fatal).isEmpty();
  }

  private GatedOrderLog gated() {
    return Objects.requireNonNull(gated);
  }

  private ReplicatedLog replicated() {
    return Objects.requireNonNull(replicated);
  }

  private PurchaseRequest.Answer buy(PurchaseRequest purchase, Duration timeout) {
    return Objects.requireNonNull(service).buy(List.of(purchase), Deadline.in(timeout)).getFirst();
  }

  private CompletableFuture<PurchaseRequest.Answer> buyAsync(PurchaseRequest purchase) {
    return CompletableFuture.supplyAsync(() -> buy(purchase, Duration.ofSeconds(30)));
  }

  private long committed() {
    return replicated().status().commitIndex();
  }

  /** Commits an entry that no request waits for, and keeps it from being applied. */
  private void leaveAPendingEntry(PurchaseRequest purchase) {
    long before = committed();
    gated().shut();
    OrderLogCommand.Entry entry =
        new OrderLogCommand.Entry(
            purchase.orderId(), Uuids.fresh(), purchase.name(), purchase.quantity(), 1599, 7, 1);
    var _ = replicated().submit(new OrderLogCommand.Place(1, List.of(entry)).encode());
    soon().until(() -> committed() > before);
  }

  /**
   * Buys while an earlier entry is pending. The earlier entry is applied once this purchase is
   * answered, or once it has committed an entry of its own.
   */
  private PurchaseRequest.Answer buyWhileAnEntryIsPending(PurchaseRequest purchase) {
    long before = committed();
    CompletableFuture<PurchaseRequest.Answer> bought = buyAsync(purchase);
    soon().until(() -> bought.isDone() || committed() > before);
    gated().open();
    return bought.join();
  }

  @Test
  @DisplayName(
      "A purchase is not refused for lack of stock while an earlier entry for it is pending")
  void doesNotRefuseForStockIfAnEntryIsPending() {
    leaveAPendingEntry(TUX);
    answer = new Hold.InsufficientStock(3);

    assertThat(buyWhileAnEntryIsPending(TUX)).isEqualTo(new PurchaseRequest.Placed(0, 7, true));
    // Later repetitions get the same answer.
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.Placed(0, 7, true));
  }

  @Test
  @DisplayName(
      "A purchase is not refused for an unknown product while an earlier entry for it is pending")
  void doesNotRefuseForProductIfAnEntryIsPending() {
    leaveAPendingEntry(TUX);
    answer = new Hold.NoSuchProduct();

    assertThat(buyWhileAnEntryIsPending(TUX)).isEqualTo(new PurchaseRequest.Placed(0, 7, true));
  }

  @Test
  @DisplayName(
      "Another purchase under the id of a pending entry is answered as such, not with lack of"
          + " stock")
  void reportsAnotherBodyIfAnEntryIsPending() {
    leaveAPendingEntry(TUX);
    answer = new Hold.InsufficientStock(3);

    PurchaseRequest other = new PurchaseRequest(TUX.orderId(), "Tux", 11);
    assertThat(buyWhileAnEntryIsPending(other)).isEqualTo(new PurchaseRequest.OrderIdReused(0));
  }

  @Test
  @DisplayName("Without a pending entry, a purchase is refused after one fence")
  void refusesAfterOneFence() {
    answer = new Hold.InsufficientStock(3);
    int before = gated().commands.get();

    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.OutOfStock(3));
    assertThat(gated().commands.get()).isEqualTo(before + 1);
    answer = new Hold.NoSuchProduct();
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.UnknownProduct());
    assertThat(gated().commands.get()).isEqualTo(before + 2);
    // A refused purchase leaves nothing in the log: its id can still become an order.
    answer = new Hold.Granted(1599, 8);
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.Placed(0, 8, false));
  }

  /** A replica that no longer leads cannot know whether an earlier entry is in the log. */
  @Test
  @DisplayName("A purchase is not refused if the fence fails")
  void doesNotRefuseIfTheFenceFails() {
    answer = new Hold.InsufficientStock(3);
    replicated().close();

    assertThat(buy(TUX, Duration.ofSeconds(30))).isInstanceOf(PurchaseRequest.Undecided.class);
  }

  @Test
  @DisplayName("A refusal does not affect the other purchases of its batch")
  void aRefusalDoesNotAffectItsBatch() {
    PurchaseRequest soldOut = new PurchaseRequest(Uuids.fresh(), SOLD_OUT, 1);
    PurchaseRequest more = new PurchaseRequest(Uuids.fresh(), "Tux", 2);

    assertThat(
            Objects.requireNonNull(service)
                .buy(List.of(TUX, soldOut, more), Deadline.in(Duration.ofSeconds(30))))
        .containsExactly(
            new PurchaseRequest.Placed(0, 7, false),
            new PurchaseRequest.OutOfStock(0),
            new PurchaseRequest.Placed(1, 7, false));
  }

  /** If the repetition were refused, the pending entry could become an order after the refusal. */
  @Test
  @DisplayName("A repetition of a purchase whose entry is pending waits for that entry")
  void aRepetitionJoinsAPendingPurchase() {
    gated().shut();
    // Two batches, whose entries are pending.
    for (int batch = 1; batch <= 2; batch++) {
      long before = committed();
      var _ = buyAsync(new PurchaseRequest(Uuids.fresh(), "Tux", batch));
      soon().until(() -> committed() > before);
    }
    assertThat(buy(TUX, Duration.ofMillis(300))).isInstanceOf(PurchaseRequest.Undecided.class);
    answer = new Hold.InsufficientStock(3);

    assertThat(buy(TUX, Duration.ofMillis(300))).isInstanceOf(PurchaseRequest.Undecided.class);
    CompletableFuture<PurchaseRequest.Answer> repeated = buyAsync(TUX);
    gated().open();

    assertThat(repeated.join()).isEqualTo(new PurchaseRequest.Placed(2, 7, true));
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.Placed(2, 7, true));
  }
}
