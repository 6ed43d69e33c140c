package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import toystore.client.http.SilenceCheck;
import toystore.node.rpc.SocketNodeCaller;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Hold;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.PurchaseRequest;

/** The 19 cases of the reference system's own test suite, by behaviour, part by part. */
@ExtendWith(SharedStore.class)
class RecordedCasesTest {
  @Nested
  class FrontEnd {
    @Test
    void anExistingProductIsShownWithPriceAndQuantity(TestStore store) {
      TestStore.Answer answer = store.product("Lego");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json().at("/data/name").asText()).isEqualTo("Lego");
      assertThat(answer.json().at("/data/price").asText()).isEqualTo("45.99");
      assertThat(answer.json().at("/data/quantity").isInt()).isTrue();
      assertThat(answer.header("ETag")).matches("\"[0-9]+\"");
    }

    @Test
    void aProductThatDoesNotExistIsNotFound(TestStore store) {
      TestStore.Answer answer = store.product("Yo-yo");

      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.body())
          .isEqualTo("{\"error\":{\"code\":404,\"message\":\"product not found\"}}");
    }

    @Test
    void anOrderIsPlacedAndTheQuantityGoesDown(TestStore store) {
      long before = quantity(store, "Frisbee");

      TestStore.Answer answer = store.post("/orders", TestStore.order("Frisbee", 2));

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json().at("/data/order_number").isIntegralNumber()).isTrue();
      assertThat(quantity(store, "Frisbee")).isEqualTo(before - 2);
      // The very same path with a slash at its end, as the reference system has it.
      assertThat(store.post("/orders/", TestStore.order("Frisbee", 1)).status()).isEqualTo(200);
    }

    @Test
    void moreThanIsAvailableIsRefusedAndSaysHowManyAreLeft(TestStore store) {
      long before = quantity(store, "Whale");

      TestStore.Answer answer = store.post("/orders", TestStore.order("Whale", 900_000));

      assertThat(answer.status()).isEqualTo(409);
      assertThat(answer.json().at("/error/code").asInt()).isEqualTo(409);
      assertThat(answer.json().at("/error/message").asText()).contains(before + " of 'Whale' left");
      assertThat(quantity(store, "Whale")).isEqualTo(before);
    }

    @Test
    void anOrderForAProductThatDoesNotExistIsNotFound(TestStore store) {
      assertThat(store.post("/orders", TestStore.order("Yo-yo", 1)).status()).isEqualTo(404);
    }

    @Test
    void anExistingOrderNumberIsShown(TestStore store) {
      long number = store.buy("Fox", 3);

      TestStore.Answer answer = store.get(store.frontEnd() + "/orders/" + number);

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body())
          .isEqualTo("{\"data\":{\"number\":" + number + ",\"name\":\"Fox\",\"quantity\":3}}");
    }

    @Test
    void aNumberThatDoesNotExistIsNotFound(TestStore store) {
      TestStore.Answer answer = store.get(store.frontEnd() + "/orders/987654321");

      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.json().at("/error/message").asText()).isEqualTo("order not found");
    }

    @Test
    void healthIsUp(TestStore store) {
      TestStore.Answer answer =
          store.get("http://127.0.0.1:" + (store.portBase() + 203) + "/health");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json().get("status").asText()).isEqualTo("UP");
    }

    @Test
    void replicasKnowWhoLeads(TestStore store) {
      for (int id = 1; id <= 3; id++) {
        assertThat(store.get(store.order(id) + "/status").json().get("leader").asText())
            .isEqualTo(TestStore.LEADER);
      }
      assertThat(store.get(store.frontEnd() + "/status").json().get("leader").asText())
          .isEqualTo(TestStore.LEADER);
    }
  }

  @Nested
  class Catalog {
    @Test
    void productInformationIsGivenDirectly(TestStore store) {
      TestStore.Answer answer = store.get(store.catalog() + "/products/Python");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json().at("/data/name").asText()).isEqualTo("Python");
    }

    @Test
    void aSaleTakesStockAndReturningItGivesItBack(TestStore store) throws IOException {
      Hold hold = new Hold(UUID.randomUUID(), "Giraffe", 5, UUID.randomUUID());
      long before = quantity(store, "Giraffe");

      assertThat(hold(store, hold, Hold.Outcomes.NONE)).isInstanceOf(Hold.Granted.class);
      assertThat(quantity(store, "Giraffe")).isEqualTo(before - 5);

      tell(store, new Hold.Outcomes(List.of(), List.of(hold.holdId())));
      assertThat(quantity(store, "Giraffe")).isEqualTo(before);
    }

    @Test
    void aSaleOfAProductThatDoesNotExistIsRefused(TestStore store) throws IOException {
      assertThat(
              hold(
                  store,
                  new Hold(UUID.randomUUID(), "Yo-yo", 1, UUID.randomUUID()),
                  Hold.Outcomes.NONE))
          .isInstanceOf(Hold.NoSuchProduct.class);
    }

    private static Hold.Answer hold(TestStore store, Hold hold, Hold.Outcomes outcomes)
        throws IOException {
      byte[] reply = call(store.catalog() + "/holds", new Hold.Batch(List.of(hold), outcomes));
      return Json.fromCbor(reply, Hold.Answers.class).answers().getFirst();
    }

    private static void tell(TestStore store, Hold.Outcomes outcomes) throws IOException {
      byte[] reply = call(store.catalog() + "/holds", new Hold.Batch(List.of(), outcomes));
      assertThat(Json.fromCbor(reply, Hold.Answers.class).answers()).isEmpty();
    }
  }

  @Nested
  class OrderReplicas {
    @Test
    void theLeaderPlacesAnOrder(TestStore store) throws IOException {
      assertThat(buy(store, "Barbie", 1)).isInstanceOf(PurchaseRequest.Placed.class);
    }

    @Test
    void everyReplicaShowsAnExistingNumber(TestStore store) {
      long number = store.buy("Marbles", 1);

      for (int id = 1; id <= 3; id++) {
        // A follower that does not have it yet proves that first, so no polling is needed.
        TestStore.Answer answer = store.get(store.order(id) + "/orders/" + number);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/data/name").asText()).isEqualTo("Marbles");
      }
    }

    @Test
    void aNumberThatDoesNotExistIsNotFound(TestStore store) {
      for (int id = 1; id <= 3; id++) {
        assertThat(store.get(store.order(id) + "/orders/987654321").status()).isEqualTo(404);
      }
    }

    @Test
    void moreThanIsAvailableIsRefused(TestStore store) throws IOException {
      assertThat(buy(store, "Monopoly", 900_000)).isInstanceOf(PurchaseRequest.OutOfStock.class);
    }

    @Test
    void aProductThatDoesNotExistIsRefused(TestStore store) throws IOException {
      assertThat(buy(store, "Yo-yo", 1)).isInstanceOf(PurchaseRequest.UnknownProduct.class);
    }

    @Test
    void theOrderReachesTheFollowers(TestStore store) {
      long number = store.buy("Fox", 1);

      for (int id = 1; id <= 2; id++) {
        String log = store.order(id) + "/log?limit=1&after=" + (number - 1);
        Awaitility.await()
            .atMost(Duration.ofSeconds(10))
            .untilAsserted(
                () -> {
                  JsonNode rows = store.get(log).json().get("orders");
                  assertThat(rows).hasSize(1);
                  assertThat(rows.get(0).get("number").asLong()).isEqualTo(number);
                });
      }
    }

    @Test
    void aPurchaseWhoseIdIsInTheLogIsNotMadeAgain(TestStore store) throws IOException {
      PurchaseRequest purchase = new PurchaseRequest(UUID.randomUUID(), "Fox", 1);

      PurchaseRequest.Answer first = buy(store, purchase);
      PurchaseRequest.Answer again = buy(store, purchase);

      assertThat(first)
          .isInstanceOfSatisfying(
              PurchaseRequest.Placed.class,
              placed -> {
                assertThat(again)
                    .isEqualTo(
                        new PurchaseRequest.Placed(placed.number(), placed.productVersion(), true));
              });
    }

    private static PurchaseRequest.Answer buy(TestStore store, String name, int quantity)
        throws IOException {
      return buy(store, new PurchaseRequest(UUID.randomUUID(), name, quantity));
    }

    private static PurchaseRequest.Answer buy(TestStore store, PurchaseRequest purchase)
        throws IOException {
      byte[] reply =
          call(store.order(3) + "/purchases", new PurchaseRequest.Batch(5_000, List.of(purchase)));
      return Json.fromCbor(reply, PurchaseRequest.Answers.class).answers().getFirst();
    }
  }

  // The 19th case, missed orders, is played in RecordedExperimentTest, twice.

  private static byte[] call(String url, Object message) throws IOException {
    try (SocketNodeCaller caller = new SocketNodeCaller(Duration.ofSeconds(5))) {
      NodeReply reply =
          caller.send(url, Json.toCbor(message), Duration.ofSeconds(20), SilenceCheck.BORNE);
      assertThat(reply.status()).isEqualTo(200);
      return reply.body();
    }
  }

  private static long quantity(TestStore store, String name) {
    return store.product(name).json().at("/data/quantity").asLong();
  }
}
