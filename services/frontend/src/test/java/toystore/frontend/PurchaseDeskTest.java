package toystore.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import toystore.api.ApiException;
import toystore.api.Ids;
import toystore.api.Json;
import toystore.api.Purchase;
import toystore.api.Role;
import toystore.api.StoreConfig;
import toystore.calls.Caller;
import toystore.server.LeaderRoute;

class PurchaseDeskTest {
  private static final Purchase TUX = new Purchase(Ids.fresh(), "Tux", 10);
  private static final Purchase.Placed PLACED = new Purchase.Placed(4, 17, false);

  private final List<Purchase.Batch> received = new CopyOnWriteArrayList<>();
  private StoreConfig.Batch sizes = StoreConfig.load(null).batch();
  private @Nullable PurchaseDesk open;

  private StoreConfig config(Duration deadline) {
    StoreConfig shipped = StoreConfig.load(null);
    return new StoreConfig(
        shipped.cluster(),
        shipped.portBase(),
        shipped.nodes(),
        shipped.frontends(),
        new StoreConfig.Http(deadline, 65_536),
        sizes,
        shipped.cache(),
        shipped.catalog(),
        shipped.storage(),
        shipped.raft(),
        shipped.jvm());
  }

  /** A desk whose leader answers each call as the test says, given how many came before. */
  private PurchaseDesk desk(
      Duration deadline, Function<Integer, CompletableFuture<Caller.Reply>> leader) {
    StoreConfig config = config(deadline);
    Caller caller =
        (url, body, timeout) -> {
          if (body == null) {
            return CompletableFuture.failedFuture(new IOException("no status"));
          }
          int before;
          // The desk's two lanes call at the same time.
          synchronized (received) {
            before = received.size();
            received.add(batch(body));
          }
          return leader.apply(before);
        };
    LeaderRoute route =
        new LeaderRoute(caller, config, config.nodes(Role.ORDER), LeaderRoute.OnLeader.NOBODY);
    PurchaseDesk desk = new PurchaseDesk(route, config, new SimpleMeterRegistry());
    open = desk;
    return desk;
  }

  @AfterEach
  void close() {
    if (open != null) {
      open.close();
    }
  }

  private static Purchase.Batch batch(byte[] body) {
    try {
      return Json.fromCbor(body, Purchase.Batch.class);
    } catch (IOException e) {
      throw new AssertionError("not a batch", e);
    }
  }

  private static CompletableFuture<Caller.Reply> answers(Purchase.Answer... answers) {
    return CompletableFuture.completedFuture(
        new Caller.Reply(200, Json.toCbor(new Purchase.Answers(List.of(answers))), null));
  }

  private static CompletableFuture<Caller.Reply> status(int status) {
    return CompletableFuture.completedFuture(new Caller.Reply(status, new byte[0], null));
  }

  private List<UUID> idsReceived() {
    return received.stream()
        .flatMap(batch -> batch.purchases().stream())
        .map(Purchase::orderId)
        .distinct()
        .toList();
  }

  @Test
  void finalAnswersArePassedOn() throws InterruptedException {
    List<Purchase.Answer> all =
        List.of(
            PLACED,
            new Purchase.OutOfStock(3),
            new Purchase.UnknownProduct(),
            new Purchase.OtherBody(2));
    PurchaseDesk desk = desk(Duration.ofSeconds(20), before -> answers(all.get(before)));

    for (Purchase.Answer answer : all) {
      assertThat(desk.buy(TUX)).isEqualTo(answer);
    }
    assertThat(received).hasSize(all.size());
  }

  @Test
  void theLeaderIsToldHowMuchTimeIsLeft() throws InterruptedException {
    desk(Duration.ofSeconds(20), before -> answers(PLACED)).buy(TUX);

    assertThat(received.getFirst().budgetMs()).isBetween(1L, 20_000L);
  }

  @Test
  void whateverFailsIsRepeatedUnderTheSameOrderIdUntilThereIsAnAnswer()
      throws InterruptedException {
    PurchaseDesk desk =
        desk(
            Duration.ofSeconds(20),
            before ->
                switch (before) {
                  case 0 -> answers(new Purchase.Undecided("the leader has changed"));
                  case 1 -> CompletableFuture.failedFuture(new IOException("reset"));
                  case 2 -> status(421);
                  case 3 -> status(503);
                  case 4 -> status(500);
                  case 5 ->
                      CompletableFuture.completedFuture(
                          new Caller.Reply(200, new byte[] {1, 2}, null));
                  case 6 -> answers(new Purchase.Undecided("the deadline passed"));
                  default -> answers(PLACED);
                });

    assertThat(desk.buy(TUX)).isEqualTo(PLACED);
    assertThat(received).hasSize(8);
    assertThat(idsReceived()).containsExactly(TUX.orderId());
  }

  @Test
  void atTheDeadlineTheOutcomeIsUnknownAndARetryIsSafe() {
    for (CompletableFuture<Caller.Reply> reply :
        List.of(
            answers(new Purchase.Undecided("too many purchases wait")),
            status(503),
            status(500),
            new CompletableFuture<Caller.Reply>())) {
      PurchaseDesk desk = desk(Duration.ofMillis(300), before -> reply.copy());
      long begun = System.nanoTime();

      assertThatThrownBy(() -> desk.buy(TUX))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(503))
          .hasMessageContaining("the same Idempotency-Key is safe");
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .isBetween(Duration.ofMillis(290), Duration.ofSeconds(5));
      desk.close();
    }
    assertThat(idsReceived()).containsExactly(TUX.orderId());
  }

  @Test
  void whyTheOutcomeIsUnknownIsTold() {
    PurchaseDesk desk =
        desk(Duration.ofMillis(200), before -> answers(new Purchase.Undecided("it rains")));

    assertThatThrownBy(() -> desk.buy(TUX)).hasMessageContaining("(it rains)");
  }

  @Test
  void whatWaitsGoesTogetherAndEachGetsItsOwnAnswer() throws Exception {
    CompletableFuture<Caller.Reply> first = new CompletableFuture<>();
    CompletableFuture<Caller.Reply> second = new CompletableFuture<>();
    List<CompletableFuture<Void>> arrived =
        List.of(new CompletableFuture<>(), new CompletableFuture<>(), new CompletableFuture<>());
    PurchaseDesk desk =
        desk(
            Duration.ofSeconds(30),
            before -> {
              arrived.get(Math.min(before, 2)).complete(null);
              // The desk has two lanes: with both under way, what comes waits.
              return switch (before) {
                case 0 -> first;
                case 1 -> second;
                default -> answersByQuantity(received.get(before));
              };
            });
    List<CompletableFuture<Purchase.Answer>> bought = new ArrayList<>();
    bought.add(buy(desk, 1));
    arrived.get(0).get(10, TimeUnit.SECONDS);
    bought.add(buy(desk, 2));
    arrived.get(1).get(10, TimeUnit.SECONDS);
    for (int quantity = 3; quantity <= 9; quantity++) {
      bought.add(buy(desk, quantity));
    }
    first.complete(new Caller.Reply(500, new byte[0], null));
    second.complete(new Caller.Reply(500, new byte[0], null));

    for (int i = 0; i < bought.size(); i++) {
      assertThat(bought.get(i).get(20, TimeUnit.SECONDS))
          .isEqualTo(new Purchase.Placed(i + 1, 1, false));
    }
  }

  /** It may be an order already: "too many requests" would say that nothing was done. */
  @Test
  void whoWasOnItsWayBeforeIsNotRefusedWhenTooManyWait() throws Exception {
    sizes = new StoreConfig.Batch(1, 1);
    CompletableFuture<Caller.Reply> first = new CompletableFuture<>();
    CompletableFuture<Caller.Reply> open = new CompletableFuture<>();
    PurchaseDesk desk =
        desk(
            Duration.ofSeconds(30),
            before -> before == 0 ? first : open.thenCompose(done -> oneByQuantity(before)));
    CompletableFuture<Purchase.Answer> bought = buy(desk, 1);
    await().until(() -> received.size() == 1);
    // The other lane, and then the only place of the queue.
    CompletableFuture<Purchase.Answer> second = buy(desk, 2);
    await().until(() -> received.size() == 2);
    untilRefused(desk, 1);

    first.complete(new Caller.Reply(500, new byte[0], null));
    poll().until(() -> received.size() == 3);
    // The place that has become free, and for long enough that the first one has tried again.
    untilRefused(desk, 100);
    open.complete(new Caller.Reply(200, new byte[0], null));

    assertThat(bought.get(20, TimeUnit.SECONDS)).isEqualTo(new Purchase.Placed(1, 1, false));
    assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(new Purchase.Placed(2, 1, false));
  }

  private static ConditionFactory poll() {
    return await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1));
  }

  private static void untilRefused(PurchaseDesk desk, int times) {
    List<CompletableFuture<Purchase.Answer>> crowd = new ArrayList<>();
    poll()
        .until(
            () -> {
              crowd.add(buy(desk, 4));
              return crowd.stream().filter(CompletableFuture::isCompletedExceptionally).count()
                  >= times;
            });
  }

  private CompletableFuture<Caller.Reply> oneByQuantity(int index) {
    return answersByQuantity(received.get(index));
  }

  private static CompletableFuture<Purchase.Answer> buy(PurchaseDesk desk, int quantity) {
    CompletableFuture<Purchase.Answer> answer = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                answer.complete(desk.buy(new Purchase(Ids.fresh(), "Tux", quantity)));
              } catch (InterruptedException | RuntimeException e) {
                answer.completeExceptionally(e);
              }
            });
    return answer;
  }

  private static CompletableFuture<Caller.Reply> answersByQuantity(Purchase.Batch batch) {
    return answers(
        batch.purchases().stream()
            .map(p -> new Purchase.Placed(p.quantity(), 1, false))
            .toArray(Purchase.Answer[]::new));
  }
}
