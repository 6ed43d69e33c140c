package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** With one of three replicas, no purchase can be decided, but no order is lost. */
class LostQuorumTest {
  /** Without a quorum, a purchase waits until its deadline. */
  private static final String SETTINGS = "http: {request-deadline: 3s}\n";

  @Test
  @DisplayName("With one replica left, purchases get 503 and its orders can still be read")
  void oneReplicaRefusesPurchasesAndServesReads() {
    try (TestStore store = TestStore.startWithSettings(SETTINGS, "Tux")) {
      long number = store.buy("Tux", 1);
      store.kill("order-2");
      store.kill("order-3");
      String key = "made-while-there-was-no-quorum";

      TestStore.Answer refused =
          store.post("/orders", TestStore.purchase("Tux", 2), "Idempotency-Key", key);

      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).isNotEmpty();
      assertThat(refused.json().at("/error/message").asText()).contains("is safe");
      ToyctlProcess.Outcome status = store.toyctl().run("status", "-o", "json");
      assertThat(status.exitCode()).isEqualTo(11);
      assertThat(status.json().get("health").asText()).isEqualTo("no-quorum");
      assertThat(store.get(store.frontEnd() + "/orders/" + number).status()).isEqualTo(200);

      store.startNode("order-2");
      TestStore.Answer placed =
          store.post("/orders", TestStore.purchase("Tux", 2), "Idempotency-Key", key);
      assertThat(placed.status()).isEqualTo(200);
      assertThat(placed.json().at("/data/order_number").asLong()).isEqualTo(number + 1);
      store.startNode("order-3");
      assertThat(store.verify().succeeded().json().get("result").asText()).isEqualTo("equal");
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(store.quantities()).containsEntry("Tux", 999_999_997L));
    }
  }

  @Test
  @DisplayName("After all nodes are killed at once, the store restarts with every order")
  void allNodesRestartWithEveryOrder() {
    try (TestStore store = TestStore.start()) {
      long last = 0;
      for (int i = 0; i < 10; i++) {
        last = store.buy("Fox", 1);
      }
      for (String node : TestStore.ORDER_NODES) {
        store.kill(node);
      }
      store.kill("catalog");
      store.kill("frontend");

      store.toyctl().run("up").succeeded();

      assertThat(last).isEqualTo(9);
      assertThat(store.get(store.frontEnd() + "/orders/9").status()).isEqualTo(200);
      assertThat(store.buy("Fox", 1)).isEqualTo(10);
      assertThat(store.quantities()).containsEntry("Fox", 89L);
      assertThat(store.verify().succeeded().json().get("result").asText()).isEqualTo("equal");
    }
  }
}
