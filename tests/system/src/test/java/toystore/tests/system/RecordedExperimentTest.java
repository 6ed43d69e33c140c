package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.protocol.codec.Json;

/** Replays the experiment that the reference system's evaluation recorded, crash by crash. */
class RecordedExperimentTest {
  @Test
  @DisplayName("The recorded experiment gives the recorded numbers, logs and quantities")
  void recordedExperimentGivesTheRecordedResult() throws IOException {
    JsonNode recorded = recorded();
    try (TestStore store = TestStore.start()) {
      for (JsonNode step : recorded.get("steps")) {
        replay(store, step);
      }

      readAllOrders(store, recorded);
      assertThat(store.quantities()).isEqualTo(longs(recorded.get("final_catalog")));
      assertThat(store.verify().succeeded().json().get("result").asText()).isEqualTo("equal");
      store.down();

      List<String> log = DatabaseFiles.orders(store.data(), "order-3");
      assertThat(DatabaseFiles.orders(store.data(), "order-1")).isEqualTo(log);
      assertThat(DatabaseFiles.orders(store.data(), "order-2")).isEqualTo(log);
      assertThat(
              DatabaseFiles.rows(
                  store.data(),
                  "order-1",
                  "orders",
                  "SELECT number, name, quantity FROM orders ORDER BY number"))
          .isEqualTo(orders(recorded.get("final_orders")));
    }
  }

  private static void replay(TestStore store, JsonNode step) {
    if (step.has("buy")) {
      long number = store.buy(step.get("buy").asText(), step.get("quantity").asInt());
      assertThat(number).as(step.toString()).isEqualTo(step.get("expect_order_number").asLong());
    } else if (step.has("crash")) {
      store.kill(step.get("crash").asText());
    } else {
      String node = step.get("start").asText();
      store.startNode(node);
      if (node.equals(TestStore.LEADER)) {
        // The replica with the highest id becomes leader again after it has caught up.
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> store.status().get("leader").asText().equals(TestStore.LEADER));
      }
    }
  }

  /** Reads each order and compares it, as the client of the reference system does at its end. */
  private static void readAllOrders(TestStore store, JsonNode recorded) {
    for (JsonNode order : recorded.get("final_orders")) {
      TestStore.Answer answer = store.get(store.frontEnd() + "/orders/" + order.get("number"));
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json().get("data")).isEqualTo(order);
    }
  }

  private static List<String> orders(JsonNode orders) {
    List<String> rows = new ArrayList<>();
    orders.forEach(
        o ->
            rows.add(
                o.get("number").asText()
                    + " "
                    + o.get("name").asText()
                    + " "
                    + o.get("quantity").asText()));
    return rows;
  }

  private static Map<String, Long> longs(JsonNode object) {
    Map<String, Long> longs = new TreeMap<>();
    object.properties().forEach(e -> longs.put(e.getKey(), e.getValue().asLong()));
    return longs;
  }

  private static JsonNode recorded() throws IOException {
    try (InputStream in = RecordedExperimentTest.class.getResourceAsStream("recorded-run.json")) {
      return Json.mapper().readTree(in);
    }
  }
}
