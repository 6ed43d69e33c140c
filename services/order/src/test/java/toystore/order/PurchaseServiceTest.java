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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
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
import toystore.protocol.api.Uuids;
import toystore.protocol.message.Hold;
import toystore.protocol.message.PurchaseRequest;

/** On a log of one member, which applies what was committed only when the test lets it. */
@Timeout(90)
class PurchaseServiceTest {
  private static final StoreConfig.Batch SIZES = new StoreConfig.Batch(64, 1_024);
  private static final PurchaseRequest TUX = new PurchaseRequest(Uuids.fresh(), "Tux", 10);
  private static final String SOLD_OUT = "Fox";

  /** An order log that can be made to wait before it applies the next command. */
  private static final class Gated implements ReplicatedState {
    private final OrderLog log;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private final AtomicInteger commands = new AtomicInteger();

    Gated(OrderLog log) {
      this.log = log;
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
    public LogPosition recovered() {
      return log.recovered();
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

  @TempDir private Path directory = Path.of("");

  private final Events events = new Events();

  /** What the catalog says to each hold from now on, except of what is always sold out. */
  private volatile Hold.Answer answer = new Hold.Granted(1599, 7);

  private Hold.Answer answer(Hold hold) {
    return hold.name().equals(SOLD_OUT) ? new Hold.NotEnough(0) : answer;
  }

  private final FakeCatalog catalog =
      new FakeCatalog(
          batch ->
              CompletableFuture.completedFuture(
                  FakeCatalog.answers(batch.holds().stream().map(this::answer).toList())));

  private @Nullable Database database;
  private @Nullable Gated gated;
  private @Nullable ReplicatedLog replicated;
  private @Nullable HoldClient desk;
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
            new WriteBehind.Pace(Duration.ofMillis(10), 5_000, 20_000),
            (member, after) -> {
              throw new IOException("there is no other replica");
            });
    Gated state = new Gated(log);
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
    HoldClient holds = new HoldClient(catalog.route(), Duration.ofSeconds(10), SIZES);
    desk = holds;
    service = new PurchaseService(log, raft, holds, new SimpleMeterRegistry());
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
    Objects.requireNonNull(desk).close();
    replicated().close();
    Objects.requireNonNull(database).close();
    assertThat(events.fatal).isEmpty();
  }

  private Gated gated() {
    return Objects.requireNonNull(gated);
  }

  private ReplicatedLog replicated() {
    return Objects.requireNonNull(replicated);
  }

  private PurchaseRequest.Answer buy(PurchaseRequest purchase, Duration patience) {
    return Objects.requireNonNull(service).buy(List.of(purchase), Deadline.in(patience)).getFirst();
  }

  private CompletableFuture<PurchaseRequest.Answer> buyMeanwhile(PurchaseRequest purchase) {
    return CompletableFuture.supplyAsync(() -> buy(purchase, Duration.ofSeconds(30)));
  }

  private long committed() {
    return replicated().status().commitIndex();
  }

  /** An entry that nobody waits for any more, committed but not applied. */
  private void leaveAnEntryOnItsWay(PurchaseRequest purchase) {
    long before = committed();
    gated().shut();
    OrderLogCommand.Entry entry =
        new OrderLogCommand.Entry(
            purchase.orderId(), Uuids.fresh(), purchase.name(), purchase.quantity(), 1599, 7, 1);
    var _ = replicated().submit(new OrderLogCommand.Place(1, List.of(entry)).encode());
    soon().until(() -> committed() > before);
  }

  /**
   * Buys while an earlier entry is on its way, which the log goes on with once this purchase is
   * answered or waits for the log itself.
   */
  private PurchaseRequest.Answer buyWhileTheEarlierEntryIsOnItsWay(PurchaseRequest purchase) {
    long before = committed();
    CompletableFuture<PurchaseRequest.Answer> bought = buyMeanwhile(purchase);
    soon().until(() -> bought.isDone() || committed() > before);
    gated().open();
    return bought.join();
  }

  @Test
  void notEnoughIsNotToldWhileAnEarlierEntryOfThePurchaseIsOnItsWay() {
    leaveAnEntryOnItsWay(TUX);
    answer = new Hold.NotEnough(3);

    assertThat(buyWhileTheEarlierEntryIsOnItsWay(TUX))
        .isEqualTo(new PurchaseRequest.Placed(0, 7, true));
    // The answer is the same from then on.
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.Placed(0, 7, true));
  }

  @Test
  void noSuchProductIsNotToldWhileAnEarlierEntryOfThePurchaseIsOnItsWay() {
    leaveAnEntryOnItsWay(TUX);
    answer = new Hold.NoSuchProduct();

    assertThat(buyWhileTheEarlierEntryIsOnItsWay(TUX))
        .isEqualTo(new PurchaseRequest.Placed(0, 7, true));
  }

  @Test
  void anotherBodyUnderTheIdOfAnEntryOnItsWayIsToldSoAndNotNotEnough() {
    leaveAnEntryOnItsWay(TUX);
    answer = new Hold.NotEnough(3);

    PurchaseRequest other = new PurchaseRequest(TUX.orderId(), "Tux", 11);
    assertThat(buyWhileTheEarlierEntryIsOnItsWay(other))
        .isEqualTo(new PurchaseRequest.OtherBody(0));
  }

  @Test
  void whereNoEntryWasOnItsWayNotEnoughIsToldAfterOneMoreEntry() {
    answer = new Hold.NotEnough(3);
    int before = gated().commands.get();

    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.OutOfStock(3));
    assertThat(gated().commands.get()).isEqualTo(before + 1);
    answer = new Hold.NoSuchProduct();
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.UnknownProduct());
    assertThat(gated().commands.get()).isEqualTo(before + 2);
    // Nothing came of the refusals: the id may still become an order.
    answer = new Hold.Granted(1599, 8);
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.Placed(0, 8, false));
  }

  /** Whether an earlier entry is there cannot be known by a replica that leads no more. */
  @Test
  void withoutTheEntryARefusalIsNotTold() {
    answer = new Hold.NotEnough(3);
    replicated().close();

    assertThat(buy(TUX, Duration.ofSeconds(30))).isInstanceOf(PurchaseRequest.Undecided.class);
  }

  @Test
  void aRefusalKeepsNoOtherPurchaseOfItsBatchFromBeingPlaced() {
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

  /** Were it refused on its own: the entry that waits for its turn would come after the refusal. */
  @Test
  void whoRepeatsAPurchaseWhoseEntryWaitsForItsTurnWaitsWithIt() {
    gated().shut();
    // As many batches as may be on their way at once.
    for (int lane = 1; lane <= 2; lane++) {
      long before = committed();
      var _ = buyMeanwhile(new PurchaseRequest(Uuids.fresh(), "Tux", lane));
      soon().until(() -> committed() > before);
    }
    assertThat(buy(TUX, Duration.ofMillis(300))).isInstanceOf(PurchaseRequest.Undecided.class);
    answer = new Hold.NotEnough(3);

    assertThat(buy(TUX, Duration.ofMillis(300))).isInstanceOf(PurchaseRequest.Undecided.class);
    CompletableFuture<PurchaseRequest.Answer> repeated = buyMeanwhile(TUX);
    gated().open();

    assertThat(repeated.join()).isEqualTo(new PurchaseRequest.Placed(2, 7, true));
    assertThat(buy(TUX, Duration.ofSeconds(30))).isEqualTo(new PurchaseRequest.Placed(2, 7, true));
  }
}
