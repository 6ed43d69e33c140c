package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.NodeStatus;
import toystore.protocol.message.Stock;
import toystore.toyctl.cli.FakeServer.Reply;
import toystore.toyctl.cli.FakeServer.Request;
import toystore.toyctl.cluster.ExitCode;

/** Verifies replicas that are lists of rows, some with errors. */
class VerifierTest {
  private static final int ORDERS = 12;

  @TempDir private Path directory = Path.of("");

  private CliHarness cli = new CliHarness(directory, 1);
  private final Map<String, FakeServer> servers = new HashMap<>();
  private final Map<String, List<LoggedOrder>> logs = new HashMap<>();
  private final Map<String, Long> applied = new HashMap<>();
  private final AtomicInteger stockReads = new AtomicInteger();
  private UnaryOperator<Stock> stockChange = UnaryOperator.identity();
  private @Nullable String leader = "order-3";
  private int pageSize = 5;

  @BeforeEach
  void openStore() throws IOException {
    cli = CliHarness.onFreePorts(directory);
    StoreConfig config = cli.config();
    List<LoggedOrder> rows = new ArrayList<>();
    for (int number = 0; number < ORDERS; number++) {
      rows.add(row(number));
    }
    for (String node : List.of("order-1", "order-2", "order-3")) {
      logs.put(node, new ArrayList<>(rows));
      applied.put(node, 30L);
    }
    for (Topology.Node node : config.nodes()) {
      servers.put(
          node.name(),
          new FakeServer(config.httpPort(node), request -> answer(node.name(), request)));
    }
  }

  @AfterEach
  void closeStore() {
    servers.values().forEach(FakeServer::close);
  }

  @Test
  @DisplayName("Replicas with the same rows and exact stock are equal")
  void equalReplicasWithExactStockAreEqual() {
    CliHarness.Result result = verify();

    assertThat(result.err()).isEmpty();
    assertThat(result.exitCode()).isZero();
    JsonNode json = result.json();
    assertThat(json.get("result").asText()).isEqualTo("equal");
    assertThat(json.get("index").asLong()).isEqualTo(30);
    assertThat(json.get("replicas")).hasSize(3);
    assertThat(json.at("/replicas/0/node").asText()).isEqualTo("order-1");
    assertThat(json.at("/replicas/0/orders").asLong()).isEqualTo(ORDERS);
    assertThat(json.at("/replicas/0/hash").asText()).isEqualTo("hash-11");
    assertThat(json.at("/stock/0").toString())
        .isEqualTo(
            "{\"name\":\"Tux\",\"stocked\":100,\"on_hand\":76,\"held\":0,\"sold\":24,"
                + "\"ordered\":24,\"exact\":true}");
  }

  @Test
  @DisplayName("Rows after the fence are ignored")
  void rowsAfterTheFenceAreIgnored() {
    logs("order-1").add(row(ORDERS));

    assertThat(verify().exitCode()).isZero();
  }

  @Test
  @DisplayName("A store without orders is equal")
  void storeWithoutOrdersIsEqual() {
    logs.values().forEach(List::clear);
    stockChange = stock -> new Stock("Tux", 1599, 100, 100, 0, 0, 0);

    assertThat(verify().exitCode()).isZero();
  }

  @Test
  @DisplayName("The first row that differs in any field is reported")
  void rowWithADifferentFieldIsReported() {
    LoggedOrder row = row(7);
    logs("order-1")
        .set(
            7,
            new LoggedOrder(
                7,
                row.orderId(),
                row.holdId(),
                "Tux",
                2,
                1599,
                8,
                row.placedAtMs() + 1,
                8,
                "hash-7"));

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
    assertThat(result.json().get("result").asText()).isEqualTo("diverged");
    assertThat(verdict(result, "order-1")).isEqualTo("diverged");
    assertThat(verdict(result, "order-2")).isEqualTo("equal");
    assertThat(verdict(result, "order-3")).isEqualTo("equal");
    assertThat(result.err()).contains("order 7 is the first that differs");
  }

  @Test
  @DisplayName("A missing row is reported with its number")
  void missingRowIsReported() {
    assertThat(logs("order-2").remove(5)).isNotNull();

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
    assertThat(result.err()).contains("order 5 is the first that differs");
  }

  @Test
  @DisplayName("A missing last row is a divergence")
  void missingLastRowIsADivergence() {
    assertThat(logs("order-2").removeLast()).isNotNull();

    CliHarness.Result result = verify();

    assertThat(verdict(result, "order-2")).isEqualTo("diverged");
    assertThat(result.err()).contains("order 11").contains("order-2 has none");
  }

  @Test
  @DisplayName("A gap that all replicas have is found")
  void gapInAllReplicasIsFound() {
    logs.values().forEach(rows -> assertThat(rows.remove(5)).isNotNull());

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
    assertThat(verdict(result, "order-3")).isEqualTo("diverged");
    assertThat(result.err()).contains("not dense").contains("order 5");
  }

  @Test
  @DisplayName("An order id that all replicas have twice is found")
  void duplicateOrderIdInAllReplicasIsFound() {
    LoggedOrder first = row(2);
    LoggedOrder row = row(9);
    LoggedOrder twice =
        new LoggedOrder(9, first.orderId(), row.holdId(), "Tux", 2, 1599, 10, 9, 10, "hash-9");
    logs.values().forEach(rows -> rows.set(9, twice));

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
    assertThat(result.err()).contains("occurs twice, again in order 9");
  }

  @Test
  @DisplayName("A hold id that two orders have is found")
  void duplicateHoldIdIsFound() {
    LoggedOrder row = row(9);
    LoggedOrder twice =
        new LoggedOrder(9, row.orderId(), row(2).holdId(), "Tux", 2, 1599, 10, 9, 10, "hash-9");
    logs.values().forEach(rows -> rows.set(9, twice));

    assertThat(verify().err()).contains("hold id").contains("again in order 9");
  }

  @Test
  @DisplayName("If a replica is down, the result is incomplete")
  void stoppedReplicaMakesTheResultIncomplete() {
    server("order-1").close();

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.STATE_UNKNOWN);
    assertThat(result.json().get("result").asText()).isEqualTo("incomplete");
    assertThat(verdict(result, "order-1")).isEqualTo("incomplete");
    assertThat(verdict(result, "order-2")).isEqualTo("equal");
    assertThat(result.json().at("/stock/0/exact").asBoolean()).isTrue();
    assertThat(result.err()).contains("order-1");
  }

  @Test
  @DisplayName("If a replica does not reach the fence, the result is incomplete")
  void replicaBehindTheFenceIsIncomplete() {
    applied.put("order-2", 29L);

    CliHarness.Result result = verify("--timeout", "0.3");

    assertThat(result.exitCode()).isEqualTo(ExitCode.STATE_UNKNOWN);
    assertThat(result.err()).contains("order-2 has not reached index 30: it is at 29");
  }

  @Test
  @DisplayName("A divergence outweighs an incomplete comparison")
  void divergenceOutweighsIncompleteness() {
    server("order-1").close();
    assertThat(logs("order-2").removeLast()).isNotNull();

    assertThat(verify().exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
  }

  @Test
  @DisplayName("The leader is found whichever replica it is")
  void anyReplicaCanBeLeader() {
    leader = "order-1";

    assertThat(verify().exitCode()).isZero();
  }

  @Test
  @DisplayName("Without a leader the state is unknown")
  void noLeaderMeansUnknownState() {
    leader = null;

    CliHarness.Result result = verify("--timeout", "0.3");

    assertThat(result.exitCode()).isEqualTo(ExitCode.STATE_UNKNOWN);
    assertThat(result.err()).contains("no order leader");
  }

  @Test
  @DisplayName("If no replica is running, the command ends at once with an unknown state")
  void noReplicaMeansUnknownStateAtOnce() {
    List.of("order-1", "order-2", "order-3").forEach(node -> server(node).close());

    CliHarness.Result result = verify("--timeout", "600");

    assertThat(result.exitCode()).isEqualTo(ExitCode.STATE_UNKNOWN);
    assertThat(result.err()).contains("no order replica is running");
  }

  @Test
  @DisplayName("Without the catalog the result is incomplete")
  void noCatalogMeansIncomplete() {
    server("catalog").close();

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.STATE_UNKNOWN);
    assertThat(result.json().get("stock")).isEmpty();
    assertThat(verdict(result, "order-1")).isEqualTo("equal");
  }

  @Test
  @DisplayName("Stock that was sold without an order is not exact")
  void stockSoldWithoutOrderIsNotExact() {
    stockChange = stock -> new Stock("Tux", 1599, 100, 75, 0, 25, 26);

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
    assertThat(result.json().at("/stock/0/exact").asBoolean()).isFalse();
    assertThat(result.err()).contains("the stock of Tux");
  }

  @Test
  @DisplayName("Stock whose parts do not add up is not exact")
  void stockThatDoesNotAddUpIsNotExact() {
    stockChange = stock -> new Stock("Tux", 1599, 101, 76, 0, 24, 26);

    assertThat(verify().exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
  }

  @Test
  @DisplayName("An order for a product that the catalog does not have is not exact")
  void orderForUnknownProductIsNotExact() {
    stockChange = stock -> new Stock("Whale", 1599, 100, 100, 0, 0, 0);

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isEqualTo(ExitCode.VERIFICATION_FAILED);
    assertThat(result.err()).contains("Tux was ordered");
  }

  @Test
  @DisplayName("The command waits until open holds are settled")
  void openHoldsAreAwaited() {
    stockChange =
        stock -> stockReads.get() < 4 ? new Stock("Tux", 1599, 100, 76, 4, 20, 26) : stock;

    CliHarness.Result result = verify();

    assertThat(result.exitCode()).isZero();
    assertThat(result.json().at("/stock/0/held").asLong()).isZero();
    assertThat(result.json().at("/stock/0/sold").asLong()).isEqualTo(24);
  }

  @Test
  @DisplayName("Under load the command does not wait for open holds")
  void openHoldsUnderLoadAreNotAwaited() {
    stockChange =
        _ -> {
          int read = stockReads.get();
          return new Stock("Tux", 1599, 100, 76 - read, 2 + read, 22, 26);
        };

    CliHarness.Result result = verify("--timeout", "600");

    assertThat(result.exitCode()).isZero();
    assertThat(result.json().at("/stock/0/held").asLong()).isPositive();
  }

  @Test
  @DisplayName("The text output consists of tables and the result")
  void textOutputHasTables() {
    CliHarness.Result result = cli.run("verify");

    assertThat(result.out()).contains("REPLICA").contains("PRODUCT").contains("equal at index 30");
  }

  private CliHarness.Result verify(String... options) {
    List<String> line = new ArrayList<>(List.of("verify", "-o", "json"));
    line.addAll(List.of(options));
    return cli.run(line.toArray(String[]::new));
  }

  private Reply answer(String node, Request request) {
    return switch (request.path()) {
      case ApiPaths.STATUS -> Reply.ok(status(node));
      case ApiPaths.FENCE ->
          node.equals(leader)
              ? Reply.ok(new LoggedOrder.Fence(30, logs.isEmpty() ? 0 : expectedOrders()))
              : Reply.problem(421, "this replica does not lead");
      case ApiPaths.LOG -> Reply.ok(page(node, request.parameter("after", -1)));
      case ApiPaths.STOCK -> {
        Stock exact = new Stock("Tux", 1599, 100, 76, 0, 24, 25);
        Reply reply = Reply.ok(new Stock.Report(12, List.of(stockChange.apply(exact))));
        int reads = stockReads.incrementAndGet();
        assertThat(reads).isPositive();
        yield reply;
      }
      default -> Reply.problem(404, "no such path");
    };
  }

  private long expectedOrders() {
    return logs("order-3").isEmpty() ? 0 : ORDERS;
  }

  private LoggedOrder.Page page(String node, long after) {
    return new LoggedOrder.Page(
        applied.getOrDefault(node, 0L),
        logs(node).stream().filter(row -> row.number() > after).limit(pageSize).toList());
  }

  private NodeStatus status(String node) {
    List<LoggedOrder> rows = logs.getOrDefault(node, List.of());
    return new NodeStatus(
        node,
        node.equals(leader) ? "leader" : "follower",
        "ready",
        cli.config().cluster(),
        leader,
        1L,
        30L,
        applied.get(node),
        (long) rows.size(),
        rows.isEmpty() ? "hash" : rows.getLast().hash(),
        null,
        null,
        1,
        1.0);
  }

  private static LoggedOrder row(long number) {
    return new LoggedOrder(
        number,
        new UUID(1, number),
        new UUID(2, number),
        "Tux",
        2,
        1599,
        number + 1,
        number,
        number + 1,
        "hash-" + number);
  }

  private List<LoggedOrder> logs(String node) {
    return logs.getOrDefault(node, new ArrayList<>());
  }

  private FakeServer server(String node) {
    FakeServer server = servers.get(node);
    if (server == null) {
      throw new AssertionError("no " + node);
    }
    return server;
  }

  private static String verdict(CliHarness.Result result, String node) {
    for (JsonNode replica : result.json().get("replicas")) {
      if (replica.get("node").asText().equals(node)) {
        return replica.get("result").asText();
      }
    }
    return "missing";
  }
}
