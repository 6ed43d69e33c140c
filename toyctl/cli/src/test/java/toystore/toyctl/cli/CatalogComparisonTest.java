package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.Stock;
import toystore.toyctl.cli.FakeServer.Reply;
import toystore.toyctl.cli.FakeServer.Request;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.verify.CatalogComparison;
import toystore.toyctl.cluster.verify.VerifyReport;

/** Compares three catalogs whose states are set by the tests. */
class CatalogComparisonTest {
  private static final long FENCE = 12;
  private static final String LEADER = "catalog-2";

  private final StoreConfig config =
      new CliHarness(Path.of("unused"), CliHarness.freePortBase()).config().withCatalogReplicas(3);
  private final Map<String, FakeServer> servers = new HashMap<>();
  private final Map<String, Stock.Fenced> states = new HashMap<>();
  private final AtomicInteger tooEarly = new AtomicInteger();

  @BeforeEach
  void openCatalogs() throws IOException {
    for (Topology.Node node : config.nodes(toystore.config.Role.CATALOG)) {
      states.put(node.name(), fenced(40, "abc"));
      servers.put(
          node.name(),
          new FakeServer(config.httpPort(node), request -> answer(node.name(), request)));
    }
  }

  @AfterEach
  void closeCatalogs() {
    servers.values().forEach(FakeServer::close);
  }

  private static Stock.Fenced fenced(long sold, String hash) {
    return new Stock.Fenced(
        FENCE, List.of(new Stock("Tux", 1599, 100, 100 - sold, 0, sold, 7)), 0, hash);
  }

  private Reply answer(String node, Request request) {
    if (request.path().equals(ApiPaths.FENCE)) {
      return node.equals(LEADER)
          ? Reply.ok(new Stock.Fence(FENCE))
          : Reply.problem(421, node + " does not lead");
    }
    Stock.Fenced fenced = states.get(node);
    boolean knownFence =
        request.path().equals(ApiPaths.FENCED_STOCK) && request.parameter("index", 0) == FENCE;
    return !knownFence
            || fenced == null
            || (node.equals("catalog") && tooEarly.getAndDecrement() > 0)
        ? Reply.problem(404, "this catalog does not know that fence")
        : Reply.ok(fenced);
  }

  private record Outcome(List<VerifyReport.Catalog> verdicts, List<String> findings) {
    List<VerifyReport.Result> results() {
      return verdicts.stream().map(VerifyReport.Catalog::result).toList();
    }
  }

  private Outcome compare(StoreConfig of) throws InterruptedException {
    try (ApiHttpClient http = new ApiHttpClient()) {
      CatalogComparison comparison =
          new CatalogComparison(
              of, new NodeClient(http, of), Deadline.in(Duration.ofMillis(1_500)));
      return new Outcome(comparison.compare(), comparison.findings());
    }
  }

  @Test
  @DisplayName("Catalogs with the same state at the fence are equal")
  void catalogsWithTheSameStateAreEqual() throws InterruptedException {
    tooEarly.set(3);
    Outcome outcome = compare(config);

    assertThat(outcome.findings()).isEmpty();
    assertThat(outcome.verdicts())
        .extracting(VerifyReport.Catalog::node)
        .containsExactly("catalog", "catalog-2", "catalog-3");
    assertThat(outcome.results()).containsOnly(VerifyReport.Result.EQUAL);
  }

  @Test
  @DisplayName("A catalog with other stock or other holds has diverged")
  void otherStockOrHoldsIsADivergence() throws InterruptedException {
    states.put("catalog-3", fenced(41, "abd"));
    states.put("catalog", fenced(40, "abe"));
    Outcome outcome = compare(config);

    assertThat(outcome.results())
        .containsExactly(
            VerifyReport.Result.DIVERGED, VerifyReport.Result.EQUAL, VerifyReport.Result.DIVERGED);
    assertThat(outcome.findings())
        .anyMatch(f -> f.contains("catalog-3 has other stock than catalog-2") && f.contains("41"))
        .anyMatch(f -> f.contains("catalog has") && f.contains("the open holds differ"));
  }

  @Test
  @DisplayName("A catalog that is down or does not know the fence makes the result incomplete")
  void missingCatalogIsIncomplete() throws InterruptedException {
    FakeServer down = servers.remove("catalog-3");
    assertThat(down).isNotNull();
    down.close();
    states.remove("catalog");
    Outcome outcome = compare(config);

    assertThat(outcome.results())
        .containsExactly(
            VerifyReport.Result.INCOMPLETE,
            VerifyReport.Result.EQUAL,
            VerifyReport.Result.INCOMPLETE);
    assertThat(outcome.findings()).hasSize(2);
  }

  @Test
  @DisplayName("Without a leader the result is incomplete")
  void noLeaderMeansIncomplete() throws InterruptedException {
    FakeServer leader = servers.remove(LEADER);
    assertThat(leader).isNotNull();
    leader.close();

    assertThat(compare(config).results()).containsOnly(VerifyReport.Result.INCOMPLETE);
  }

  @Test
  @DisplayName("A single catalog is not compared")
  void singleCatalogIsNotCompared() throws InterruptedException {
    StoreConfig alone = StoreConfig.load(null).withPortBase(config.portBase());

    assertThat(compare(alone).verdicts()).isEmpty();
  }
}
