package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Checks what scripts rely on: exit codes, JSON, and that a failed start leaves no nodes. */
@ExtendWith(SharedStore.class)
class CommandLineTest {
  @TempDir Path temp;

  @Test
  @DisplayName("A second toyctl up changes nothing")
  void secondUpChangesNothing(TestStore store) {
    JsonNode before = store.status().get("nodes");

    store.toyctl().run("up").succeeded();

    assertThat(store.status().get("nodes").findValuesAsText("pid"))
        .isEqualTo(before.findValuesAsText("pid"));
  }

  @Test
  @DisplayName("The status contains all documented fields")
  void statusHasAllDocumentedFields(TestStore store) {
    JsonNode status = store.status();

    assertThat(status.get("health").asText()).isEqualTo("healthy");
    assertThat(status.get("leader").asText()).isEqualTo(TestStore.LEADER);
    assertThat(status.get("term").isIntegralNumber()).isTrue();
    assertThat(status.get("nodes")).hasSize(5);
    for (JsonNode node : status.get("nodes")) {
      assertThat(node.propertyStream().map(Map.Entry::getKey))
          .contains(
              "node",
              "role",
              "state",
              "pid",
              "url",
              "commit_index",
              "applied_index",
              "lag",
              "orders",
              "uptime_s");
      assertThat(node.get("state").asText()).isEqualTo("ready");
    }
  }

  @Test
  @DisplayName("A node that is stopped writes this into its log")
  void stoppedNodeLogsItsStop(TestStore store) throws IOException {
    store.toyctl().run("restart", "order-1").succeeded();

    assertThat(store.data().resolve("logs").resolve("order-1.log"))
        .content()
        .contains("order-1 stops");
  }

  @Test
  @DisplayName("A port in use gives exit code 6, and no node is started")
  void portInUseIsExitCode6(TestStore store) {
    Path data = temp.resolve("other");
    ToyctlProcess other =
        new ToyctlProcess(
            "--data", data.toString(), "--port-base", Integer.toString(store.portBase()));

    ToyctlProcess.Outcome outcome = other.run("up");

    assertThat(outcome.exitCode()).isEqualTo(6);
    assertThat(outcome.err()).contains("port in use").contains("try:");
    assertThat(other.run("status", "-o", "json").json().get("nodes").findValuesAsText("pid"))
        .isNotEmpty();
    assertThat(data.resolve("order-1")).doesNotExist();
  }

  @Test
  @DisplayName("The data directory of another cluster gives exit code 6")
  void dataOfAnotherClusterIsExitCode6(TestStore store) {
    ToyctlProcess other =
        new ToyctlProcess(
            "--data",
            store.data().toString(),
            "--port-base",
            Integer.toString(store.portBase() + 300));

    ToyctlProcess.Outcome outcome = other.run("up");

    assertThat(outcome.exitCode()).isEqualTo(6);
    assertThat(outcome.err()).contains(Integer.toString(store.portBase()));
  }

  @Test
  @DisplayName("An unknown setting gives exit code 2 and is named")
  void unknownSettingIsExitCode2AndNamed() throws IOException {
    Path config = Files.writeString(temp.resolve("c.yaml"), "cache:\n  sise: 8\n", UTF_8);
    ToyctlProcess toyctl =
        new ToyctlProcess("--data", temp.resolve("d").toString(), "--config", config.toString());

    ToyctlProcess.Outcome outcome = toyctl.run("up");

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("cache.sise");
    assertThat(temp.resolve("d")).doesNotExist();
  }

  @Test
  @DisplayName("An invalid catalog file gives exit code 2 and the line")
  void invalidCatalogIsExitCode2WithItsLine() throws IOException {
    Path catalog =
        Files.writeString(
            temp.resolve("c.csv"), "name,price,quantity\nTux,1.99,5\nFox,cheap,5\n", UTF_8);
    ToyctlProcess toyctl =
        new ToyctlProcess("--data", temp.resolve("d").toString(), "--port-base", "21000");

    ToyctlProcess.Outcome outcome = toyctl.run("up", "--catalog", catalog.toString());

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("c.csv:3").contains("cheap");
    assertThat(temp.resolve("d")).doesNotExist();
  }

  @Test
  @DisplayName("A store that is not running gives exit code 3 and the command to start it")
  void stoppedStoreIsExitCode3WithAdvice() {
    ToyctlProcess toyctl =
        new ToyctlProcess("--data", temp.resolve("d").toString(), "--port-base", "21000");

    ToyctlProcess.Outcome outcome = toyctl.run("buy", "Tux", "1");

    assertThat(outcome.exitCode()).isEqualTo(3);
    assertThat(outcome.err()).contains("toyctl up");
  }

  @Test
  @DisplayName("A load has all documented fields and finds every order again")
  void loadReportsDocumentedFieldsAndVerifies(TestStore store) {
    ToyctlProcess.Outcome outcome =
        store.toyctl().run("load", "--requests", "200", "--seed", "1", "-o", "json").succeeded();

    JsonNode report = outcome.json();
    assertThat(report.get("queries").asLong()).isEqualTo(200);
    assertThat(report.get("errors").asLong()).isZero();
    assertThat(report.get("mismatches").asLong()).isZero();
    assertThat(report.get("verified").asLong()).isEqualTo(report.get("orders").asLong());
    for (String kind : List.of("query", "buy")) {
      assertThat(report.get("latency_ms").get(kind).has("p50")).isTrue();
      assertThat(report.get("latency_ms").get(kind).has("p99")).isTrue();
    }
  }

  @Test
  @DisplayName("A product that is sold out is restocked")
  void soldOutProductIsRestocked(TestStore store) {
    long left = store.product("Giraffe").json().at("/data/quantity").asLong();
    store.buy("Giraffe", (int) left);

    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(store.quantities()).containsEntry("Giraffe", 100L));
  }
}
