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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.config.BatchSettings;
import toystore.config.HttpSettings;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.PurchaseRequest;

class PurchaseForwarderTest {
  private static final PurchaseRequest TUX = new PurchaseRequest(Uuids.fresh(), "Tux", 10);
  private static final PurchaseRequest.Placed PLACED = new PurchaseRequest.Placed(4, 17, false);

  private final List<PurchaseRequest.Batch> received = new CopyOnWriteArrayList<>();
  private BatchSettings sizes = StoreConfig.load(null).batch();
  private @Nullable PurchaseForwarder openForwarder;

  private StoreConfig config(Duration deadline) {
    StoreConfig shipped = StoreConfig.load(null);
    return new StoreConfig(
        shipped.cluster(),
        shipped.topology(),
        shipped.frontends(),
        new HttpSettings(deadline, 65_536),
        sizes,
        shipped.cache(),
        shipped.catalog(),
        shipped.storage(),
        shipped.raft(),
        shipped.jvm());
  }

  /**
   * Creates a forwarder.
   *
   * @param leader answers a call, given the number of earlier calls
   */
  private PurchaseForwarder forwarder(
      Duration deadline, Function<Integer, CompletableFuture<NodeReply>> leader) {
    StoreConfig config = config(deadline);
    NodeCaller caller =
        (url, body, timeout) -> {
          if (body == null) {
            return CompletableFuture.failedFuture(new IOException("no status"));
          }
          int before;
          // The two lanes of the forwarder call concurrently.
          synchronized (received) {
            before = received.size();
            received.add(batch(body));
          }
          return leader.apply(before);
        };
    LeaderClient orders =
        new LeaderClient(caller, config, config.nodes(Role.ORDER), LeaderObserver.NONE);
    PurchaseForwarder forwarder = new PurchaseForwarder(orders, config, new SimpleMeterRegistry());
    openForwarder = forwarder;
    return forwarder;
  }

  @AfterEach
  void close() {
    if (openForwarder != null) {
      openForwarder.close();
    }
  }

  private static PurchaseRequest.Batch batch(byte[] body) {
    try {
      return MessageCodec.fromCbor(body, PurchaseRequest.Batch.class);
    } catch (IOException e) {
      throw new AssertionError("not a batch", e);
    }
  }

  private static CompletableFuture<NodeReply> answers(PurchaseRequest.Answer... answers) {
    return CompletableFuture.completedFuture(
        new NodeReply(
            200, MessageCodec.toCbor(new PurchaseRequest.Answers(List.of(answers))), null));
  }

  private static CompletableFuture<NodeReply> status(int status) {
    return CompletableFuture.completedFuture(new NodeReply(status, new byte[0], null));
  }

  private List<UUID> idsReceived() {
    return received.stream()
        .flatMap(batch -> batch.purchases().stream())
        .map(PurchaseRequest::orderId)
        .distinct()
        .toList();
  }

  @Test
  @DisplayName("Final answers of the leader are forwarded")
  void finalAnswersAreForwarded() throws InterruptedException {
    List<PurchaseRequest.Answer> all =
        List.of(
            PLACED,
            new PurchaseRequest.OutOfStock(3),
            new PurchaseRequest.UnknownProduct(),
            new PurchaseRequest.OrderIdReused(2));
    PurchaseForwarder forwarder =
        forwarder(Duration.ofSeconds(20), before -> answers(all.get(before)));

    for (PurchaseRequest.Answer answer : all) {
      assertThat(forwarder.buy(TUX)).isEqualTo(answer);
    }
    assertThat(received).hasSize(all.size());
  }

  @Test
  @DisplayName("The message to the leader contains the remaining time")
  void theMessageContainsTheRemainingTime() throws InterruptedException {
    forwarder(Duration.ofSeconds(20), before -> answers(PLACED)).buy(TUX);

    assertThat(received.getFirst().budgetMs()).isBetween(1L, 20_000L);
  }

  @Test
  @DisplayName("Failed attempts are retried under the same order id until there is an answer")
  void failedAttemptsAreRetriedUnderTheSameOrderId() throws InterruptedException {
    PurchaseForwarder forwarder =
        forwarder(
            Duration.ofSeconds(20),
            before ->
                switch (before) {
                  case 0 -> answers(new PurchaseRequest.Undecided("the leader has changed"));
                  case 1 -> CompletableFuture.failedFuture(new IOException("reset"));
                  case 2 -> status(421);
                  case 3 -> status(503);
                  case 4 -> status(500);
                  case 5 ->
                      CompletableFuture.completedFuture(
                          new NodeReply(200, new byte[] {1, 2}, null));
                  case 6 -> answers(new PurchaseRequest.Undecided("the deadline passed"));
                  default -> answers(PLACED);
                });

    assertThat(forwarder.buy(TUX)).isEqualTo(PLACED);
    assertThat(received).hasSize(8);
    assertThat(idsReceived()).containsExactly(TUX.orderId());
  }

  @Test
  @DisplayName("At the deadline the client learns that the outcome is unknown and a retry is safe")
  void atTheDeadlineTheOutcomeIsUnknown() {
    for (CompletableFuture<NodeReply> reply :
        List.of(
            answers(new PurchaseRequest.Undecided("too many purchases wait")),
            status(503),
            status(500),
            new CompletableFuture<NodeReply>())) {
      PurchaseForwarder forwarder = forwarder(Duration.ofMillis(300), before -> reply.copy());
      long begun = System.nanoTime();

      assertThatThrownBy(() -> forwarder.buy(TUX))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.status()).isEqualTo(503))
          .hasMessageContaining("the same Idempotency-Key is safe");
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .isBetween(Duration.ofMillis(290), Duration.ofSeconds(5));
      forwarder.close();
    }
    assertThat(idsReceived()).containsExactly(TUX.orderId());
  }

  @Test
  @DisplayName("The error contains the reason why the outcome is unknown")
  void theErrorContainsTheReason() {
    PurchaseForwarder forwarder =
        forwarder(
            Duration.ofMillis(200),
            before -> answers(new PurchaseRequest.Undecided("a test reason")));

    assertThatThrownBy(() -> forwarder.buy(TUX)).hasMessageContaining("(a test reason)");
  }

  @Test
  @DisplayName("Waiting purchases share a batch, and each gets its own answer")
  void waitingPurchasesShareABatch() throws Exception {
    CompletableFuture<NodeReply> first = new CompletableFuture<>();
    CompletableFuture<NodeReply> second = new CompletableFuture<>();
    List<CompletableFuture<Void>> arrived =
        List.of(new CompletableFuture<>(), new CompletableFuture<>(), new CompletableFuture<>());
    PurchaseForwarder forwarder =
        forwarder(
            Duration.ofSeconds(30),
            before -> {
              arrived.get(Math.min(before, 2)).complete(null);
              // The forwarder has two lanes. While both are busy, further purchases wait.
              return switch (before) {
                case 0 -> first;
                case 1 -> second;
                default -> answersByQuantity(received.get(before));
              };
            });
    List<CompletableFuture<PurchaseRequest.Answer>> bought = new ArrayList<>();
    bought.add(buy(forwarder, 1));
    arrived.get(0).get(10, TimeUnit.SECONDS);
    bought.add(buy(forwarder, 2));
    arrived.get(1).get(10, TimeUnit.SECONDS);
    for (int quantity = 3; quantity <= 9; quantity++) {
      bought.add(buy(forwarder, quantity));
    }
    first.complete(new NodeReply(500, new byte[0], null));
    second.complete(new NodeReply(500, new byte[0], null));

    for (int i = 0; i < bought.size(); i++) {
      assertThat(bought.get(i).get(20, TimeUnit.SECONDS))
          .isEqualTo(new PurchaseRequest.Placed(i + 1, 1, false));
    }
  }

  /**
   * The purchase may already be an order, and "too many requests" would claim that it had no
   * effect.
   */
  @Test
  @DisplayName("A purchase that was sent before is not refused when too many requests wait")
  void aPurchaseThatWasSentIsNotRefusedWhenFull() throws Exception {
    sizes = new BatchSettings(1, 1);
    CompletableFuture<NodeReply> first = new CompletableFuture<>();
    CompletableFuture<NodeReply> open = new CompletableFuture<>();
    PurchaseForwarder forwarder =
        forwarder(
            Duration.ofSeconds(30),
            before -> before == 0 ? first : open.thenCompose(done -> oneByQuantity(before)));
    CompletableFuture<PurchaseRequest.Answer> bought = buy(forwarder, 1);
    await().until(() -> received.size() == 1);
    // Occupy the other lane, and then the only place in the queue.
    CompletableFuture<PurchaseRequest.Answer> second = buy(forwarder, 2);
    await().until(() -> received.size() == 2);
    untilRefused(forwarder, 1);

    first.complete(new NodeReply(500, new byte[0], null));
    poll().until(() -> received.size() == 3);
    // Occupy the place that has become free, until the first purchase has been retried.
    untilRefused(forwarder, 100);
    open.complete(new NodeReply(200, new byte[0], null));

    assertThat(bought.get(20, TimeUnit.SECONDS)).isEqualTo(new PurchaseRequest.Placed(1, 1, false));
    assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(new PurchaseRequest.Placed(2, 1, false));
  }

  private static ConditionFactory poll() {
    return await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1));
  }

  private static void untilRefused(PurchaseForwarder forwarder, int times) {
    List<CompletableFuture<PurchaseRequest.Answer>> attempts = new ArrayList<>();
    poll()
        .until(
            () -> {
              attempts.add(buy(forwarder, 4));
              return attempts.stream().filter(CompletableFuture::isCompletedExceptionally).count()
                  >= times;
            });
  }

  private CompletableFuture<NodeReply> oneByQuantity(int index) {
    return answersByQuantity(received.get(index));
  }

  private static CompletableFuture<PurchaseRequest.Answer> buy(
      PurchaseForwarder forwarder, int quantity) {
    CompletableFuture<PurchaseRequest.Answer> answer = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                answer.complete(forwarder.buy(new PurchaseRequest(Uuids.fresh(), "Tux", quantity)));
              } catch (InterruptedException | RuntimeException e) {
                answer.completeExceptionally(e);
              }
            });
    return answer;
  }

  private static CompletableFuture<NodeReply> answersByQuantity(PurchaseRequest.Batch batch) {
    return answers(
        batch.purchases().stream()
            .map(p -> new PurchaseRequest.Placed(p.quantity(), 1, false))
            .toArray(PurchaseRequest.Answer[]::new));
  }
}
