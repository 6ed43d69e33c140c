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
import org.junit.jupiter.api.Test;
import toystore.protocol.codec.Json;

/** The experiment that the reference system's own evaluation recorded, crash by crash. */
class RecordedExperimentTest {
  @Test
  void theRecordedExperimentGivesTheRecordedNumbersLogsAndQuantities() throws IOException {
    JsonNode recorded = recorded();
    try (TestStore store = TestStore.up()) {
      for (JsonNode step : recorded.get("steps")) {
        play(store, step);
      }

      checkAsTheClientDoes(store, recorded);
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

  private static void play(TestStore store, JsonNode step) {
    if (step.has("buy")) {
      long number = store.buy(step.get("buy").asText(), step.get("quantity").asInt());
      assertThat(number).as(step.toString()).isEqualTo(step.get("expect_order_number").asLong());
    } else if (step.has("crash")) {
      store.kill(step.get("crash").asText());
    } else {
      String node = step.get("start").asText();
      store.start(node);
      if (node.equals(TestStore.LEADER)) {
        // The highest id takes leadership back once it has caught up.
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> store.status().get("leader").asText().equals(TestStore.LEADER));
      }
    }
  }

  /** At the end the client asks for each of its orders again and compares. */
  private static void checkAsTheClientDoes(TestStore store, JsonNode recorded) {
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
      return Json.json().readTree(in);
    }
  }
}
