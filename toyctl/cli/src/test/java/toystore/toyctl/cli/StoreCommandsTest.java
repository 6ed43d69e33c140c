package toystore.toyctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Order;
import toystore.toyctl.cli.FakeServer.Reply;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.datadir.ClusterFile;

/** The client commands, with a {@link FakeStore} as front end. */
class StoreCommandsTest {
  @TempDir private Path directory = Path.of("");

  private final FakeStore store = new FakeStore();
  private CliHarness cli = new CliHarness(directory, 1);
  private @org.jspecify.annotations.Nullable FakeServer server;
  private @org.jspecify.annotations.Nullable FakeServer firstServer;

  @BeforeEach
  void openStore() throws IOException {
    store.stock.put("Tux", 100L);
    store.stock.put("Käpt'n Blau/Bär", 5L);
    serve(store);
  }

  @AfterEach
  void closeStore() {
    if (server != null) {
      server.close();
    }
    if (firstServer != null) {
      firstServer.close();
    }
  }

  private void serve(FakeServer.Handler handler) throws IOException {
    closeStore();
    server = new FakeServer(0, handler);
    // The port of the front end is three above the port base.
    cli = new CliHarness(directory.resolve("data"), server.port() - 3);
  }

  /** Starts two front ends; if the handler of the first is null, the first does not run. */
  private CliHarness twoFrontEnds(FakeServer.@org.jspecify.annotations.Nullable Handler first)
      throws IOException {
    closeStore();
    cli = CliHarness.onFreePorts(directory);
    server = new FakeServer(cli.portBase + 12, store);
    if (first != null) {
      firstServer = new FakeServer(cli.portBase + 3, first);
    }
    Files.createDirectories(cli.data);
    ClusterFile.claim(cli.data, cli.config().withFrontends(2));
    return cli;
  }

  @Test
  @DisplayName("If a front end is down, commands use the next one")
  void nextFrontEndIsUsedIfOneIsDown() throws IOException {
    CliHarness two = twoFrontEnds(null);

    assertThat(two.run("product", "get", "Tux").exitCode()).isZero();
    assertThat(two.run("buy", "Tux", "2").out()).contains("order 0: 2 Tux");
    assertThat(two.run("order", "get", "0").exitCode()).isZero();
    CliHarness.Result load = two.run("load", "--clients", "3", "--requests", "30", "-o", "json");
    assertThat(load.err()).isEmpty();
    assertThat(load.json().get("errors").asLong()).isZero();
  }

  @Test
  @DisplayName("load distributes its clients over all front ends")
  void loadUsesAllFrontEnds() throws IOException {
    AtomicInteger first = new AtomicInteger();
    AtomicInteger second = new AtomicInteger();
    FakeServer.Handler counted =
        request -> {
          first.incrementAndGet();
          return store.handle(request);
        };
    CliHarness two = twoFrontEnds(counted);
    java.util.Objects.requireNonNull(server).close();
    server =
        new FakeServer(
            two.portBase + 12,
            request -> {
              second.incrementAndGet();
              return store.handle(request);
            });

    assertThat(two.run("load", "--clients", "2", "--requests", "40").exitCode()).isZero();
    assertThat(first.get()).isGreaterThan(5);
    assertThat(second.get()).isGreaterThan(5);
  }

  @Test
  @DisplayName(
      "A purchase that a front end cannot decide continues at the next one with the same key")
  void undecidedPurchaseContinuesAtNextFrontEnd() throws IOException {
    CliHarness two = twoFrontEnds(request -> Reply.problem(503, "not decided yet"));

    CliHarness.Result result = two.run("buy", "Tux", "2", "--key", "mine");

    assertThat(result.out()).contains("order 0: 2 Tux");
    assertThat(store.keys).containsExactly("mine");
  }

  @Test
  @DisplayName("product list shows all products")
  void productsAreListed() {
    assertThat(cli.run("product", "list").out()).contains("Tux").contains("15.99").contains("100");
    assertThat(cli.run("product", "list", "-o", "json").json().at("/0/price").asDouble())
        .isEqualTo(15.99);
  }

  @Test
  @DisplayName("A product is found even if its name contains special characters")
  void productNameMayContainAnyCharacter() {
    CliHarness.Result result = cli.run("product", "get", "Käpt'n Blau/Bär", "-o", "json");

    assertThat(result.json().get("quantity").asLong()).isEqualTo(5);
    assertThat(result.json().get("version").asLong()).isEqualTo(17);
  }

  @Test
  @DisplayName("A missing product or order is a failure with the message of the store")
  void missingProductOrOrderIsAFailure() {
    CliHarness.Result product = cli.run("product", "get", "Unicorn");
    CliHarness.Result order = cli.run("order", "get", "7");

    assertThat(product.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(product.err())
        .isEqualTo("toyctl: product Unicorn: product not found\n  try: toyctl product list\n");
    assertThat(order.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(order.err()).contains("order not found");
  }

  @Test
  @DisplayName("A purchase prints its order number and its key")
  void purchasePrintsNumberAndKey() {
    CliHarness.Result bought = cli.run("buy", "Tux", "10", "--key", "k1", "-o", "json");

    assertThat(bought.exitCode()).isZero();
    assertThat(bought.json().get("order_number").asLong()).isZero();
    assertThat(bought.json().get("product_version").asLong()).isEqualTo(18);
    assertThat(bought.json().get("key").asText()).isEqualTo("k1");
    assertThat(cli.run("buy", "Tux", "10", "-q").out()).isEqualTo("1\n");
    assertThat(cli.run("buy", "Tux", "10", "--key", "k1").out())
        .isEqualTo("order 0: 10 Tux (already bought with this key)\n");
  }

  @Test
  @DisplayName("An undecided purchase is retried with the same key")
  void undecidedPurchaseIsRetriedWithSameKey() {
    store.undecided = 2;

    CliHarness.Result bought = cli.run("buy", "Tux", "10", "-q");

    assertThat(bought.out()).isEqualTo("0\n");
    assertThat(store.orders).containsExactly(new Order(0, "Tux", 10));
    assertThat(store.keys).hasSize(3);
    assertThat(List.copyOf(new java.util.HashSet<>(store.keys))).hasSize(1);
  }

  @Test
  @DisplayName("A purchase that stays undecided prints the key for a retry")
  void undecidedPurchasePrintsKeyForRetry() {
    store.undecided = Integer.MAX_VALUE;

    CliHarness.Result result = cli.run("buy", "Tux", "10", "--timeout", "0.3");

    assertThat(result.exitCode()).isEqualTo(ExitCode.TIMED_OUT);
    assertThat(result.err())
        .contains("may still happen")
        .contains("--key " + store.keys.getFirst());
    assertThat(store.orders).hasSize(1);
  }

  @Test
  @DisplayName("A purchase of more than is in stock fails with the message of the store")
  void tooLargePurchaseFails() {
    CliHarness.Result result = cli.run("buy", "Tux", "101");

    assertThat(result.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(result.err()).contains("not enough in stock: 100 left");
  }

  @Test
  @DisplayName("After a server error the state of the purchase is unknown")
  void serverErrorMeansUnknownState() throws IOException {
    serve(_ -> Reply.problem(500, "internal error"));

    CliHarness.Result result = cli.run("buy", "Tux", "1");

    assertThat(result.exitCode()).isEqualTo(ExitCode.STATE_UNKNOWN);
    assertThat(result.err()).contains("internal error");
  }

  @Test
  @DisplayName("A malformed answer is an error message, not a stack trace")
  void malformedAnswerIsAFailure() throws IOException {
    serve(_ -> Reply.ok(List.of("something", "else")));

    CliHarness.Result result = cli.run("product", "list");

    assertThat(result.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(result.err()).startsWith("toyctl: products: the answer is not the store's");
  }

  @Test
  @DisplayName("order list reads as many pages as it needs")
  void ordersAreListedAcrossPages() {
    for (int i = 0; i < 2_500; i++) {
      store.orders.add(new Order(i, "Tux", 1));
    }

    assertThat(cli.run("order", "list", "-o", "json").json()).hasSize(100);
    CliHarness.Result most =
        cli.run("order", "list", "--after", "9", "--limit", "2400", "-o", "json");
    assertThat(most.json()).hasSize(2_400);
    assertThat(most.json().at("/0/number").asLong()).isEqualTo(10);
    assertThat(cli.run("order", "list", "--limit", "99999", "-o", "json").json()).hasSize(2_500);
    assertThat(cli.run("order", "get", "7", "-o", "json").out())
        .isEqualTo("{\"number\":7,\"name\":\"Tux\",\"quantity\":1}\n");
  }

  @Test
  @DisplayName("load counts the requests of its clients")
  void loadCountsRequests() {
    store.stock.put("Tux", 1_000_000L);
    store.stock.remove("Käpt'n Blau/Bär");

    CliHarness.Result load =
        cli.run("load", "--requests", "200", "--buy-probability", "1", "--seed", "1", "-o", "json");

    assertThat(load.exitCode()).isZero();
    assertThat(load.json().get("queries").asLong()).isEqualTo(200);
    assertThat(load.json().get("orders").asLong()).isEqualTo(200);
    assertThat(load.json().get("verified").asLong()).isEqualTo(200);
    assertThat(load.json().get("errors").asLong()).isZero();
    assertThat(load.json().get("mismatches").asLong()).isZero();
    assertThat(load.json().at("/latency_ms/query/count").asLong()).isEqualTo(200);
    assertThat(load.json().at("/latency_ms/buy/p99").asDouble()).isPositive();
    assertThat(store.orders).hasSize(200);
    assertThat(store.orders).allMatch(order -> order.quantity() >= 1 && order.quantity() <= 5);
    assertThat(new java.util.HashSet<>(store.keys)).hasSize(200);
  }

  @Test
  @DisplayName("With one client and the same seed, load makes the same choices")
  void loadIsRepeatableWithTheSameSeed() {
    store.stock.put("Whale", 1_000L);
    String[] line = {"load", "--clients", "1", "--requests", "20", "--seed", "7", "-o", "json"};
    assertThat(cli.run(line).exitCode()).isZero();
    List<Order> first = List.copyOf(store.orders);
    store.orders.clear();
    store.stock.put("Tux", 100L);
    store.stock.put("Käpt'n Blau/Bär", 5L);
    store.stock.put("Whale", 1_000L);

    assertThat(cli.run(line).exitCode()).isZero();

    assertThat(first).isNotEmpty();
    assertThat(store.orders).isEqualTo(first);
  }

  @Test
  @DisplayName("load does not count out-of-stock answers as errors")
  void outOfStockIsNoErrorForLoad() {
    store.stock.replaceAll((_, _) -> 3L);

    CliHarness.Result load =
        cli.run("load", "--requests", "100", "--buy-probability", "1", "-o", "json");

    assertThat(load.exitCode()).isZero();
    assertThat(load.json().get("orders").asLong()).isEqualTo(store.orders.size());
    assertThat(store.stock.values()).allMatch(left -> left >= 0);
  }

  @Test
  @DisplayName("load finds orders that differ from what was bought")
  void loadFindsChangedOrders() {
    store.stock.replaceAll((_, _) -> 1_000L);
    store.showsWrongQuantity = true;

    CliHarness.Result load =
        cli.run("load", "--requests", "10", "--buy-probability", "1", "-o", "json");

    assertThat(load.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(load.json().get("mismatches").asLong()).isEqualTo(store.orders.size()).isPositive();
    assertThat(load.json().get("verified").asLong()).isZero();
    assertThat(load.err()).contains("acknowledged").contains("try: toyctl verify");
  }

  @Test
  @DisplayName("load retries purchases, and counts those that stay undecided as errors")
  void loadRetriesAndCountsUndecided() {
    store.stock.replaceAll((_, _) -> 1_000L);
    store.undecided = 1;
    CliHarness.Result retried =
        cli.run("load", "--requests", "5", "--buy-probability", "1", "-o", "json");
    assertThat(retried.exitCode()).isZero();
    assertThat(retried.json().get("retries").asLong()).isEqualTo(1);

    store.undecided = Integer.MAX_VALUE;
    CliHarness.Result failed =
        cli.run(
            "load", "--requests", "1", "--buy-probability", "1", "--timeout", "0.2", "-o", "json");
    assertThat(failed.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(failed.json().get("errors").asLong()).isEqualTo(1);
  }

  @Test
  @DisplayName("load prints a summary as text")
  void loadPrintsASummary() {
    assertThat(cli.run("load", "--duration", "100ms").out())
        .contains("5 clients")
        .contains("queries")
        .contains("0 mismatches");
  }

  @Test
  @DisplayName("bench reports the number of answers and their latencies")
  void benchReportsThroughputAndLatency() {
    CliHarness.Result bench = bench("--what", "read", "--clients", "2");

    assertThat(bench.exitCode()).isZero();
    assertThat(bench.json().at("/answers/200").asLong()).isPositive();
    assertThat(bench.json().at("/latency_ms/count").asLong())
        .isEqualTo(bench.json().at("/answers/200").asLong());
    assertThat(bench.json().get("per_second").asDouble()).isPositive();
    assertThat(bench.json().get("failed").asLong()).isZero();
    assertThat(bench.json().at("/latency_ms/p50").asDouble()).isPositive();
    assertThat(bench("--clients", "1").json().at("/answers/200").asLong()).isPositive();
    assertThat(store.orders).isNotEmpty();
  }

  // A client that waits for each answer would not notice that other requests had to wait.
  @Test
  @DisplayName("bench measures latency from the time when a request is due")
  void benchCountsLatencyFromTheDueTime() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    serve(
        request -> {
          if (asked.incrementAndGet() == 3) {
            try {
              Thread.sleep(500);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return store.handle(request);
        });

    CliHarness.Result bench = bench("--what", "read", "--clients", "1", "--rate", "100");

    assertThat(bench.exitCode()).isZero();
    assertThat(bench.json().at("/latency_ms/mean").asDouble())
        .isGreaterThan(2 * bench.json().at("/service_ms/mean").asDouble());
    assertThat(bench.json().at("/service_ms/count").asLong())
        .isLessThanOrEqualTo(100 - bench.json().get("behind").asLong());
  }

  @Test
  @DisplayName("bench fails if requests fail")
  void benchWithFailedRequestsFails() throws IOException {
    serve(
        request ->
            request.path().equals(ApiPaths.PRODUCTS)
                ? store.handle(request)
                : Reply.problem(500, "internal error"));

    CliHarness.Result bench = bench("--clients", "1", "--rate", "20");

    assertThat(bench.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(bench.json().at("/answers/500").asLong()).isPositive();
    assertThat(bench.err()).contains("requests failed").contains("500");
  }

  @Test
  @DisplayName("bench rejects invalid options")
  void benchWithInvalidOptionsIsRejected() {
    for (String[] wrong :
        new String[][] {
          {"--clients", "0"},
          {"--rate", "0"},
          {"--rate", "NaN"},
          {"--duration", "0s"},
          {"--what", "theft"}
        }) {
      CliHarness.Result refused = cli.run("bench", "--running", wrong[0], wrong[1]);
      assertThat(refused.exitCode()).as(String.join(" ", wrong)).isEqualTo(ExitCode.USAGE);
      assertThat(refused.err()).contains(wrong[0]);
    }
  }

  private CliHarness.Result bench(String... options) {
    List<String> line =
        new ArrayList<>(
            List.of("bench", "--running", "--warm-up", "0s", "--duration", "1s", "-o", "json"));
    line.addAll(List.of(options));
    return cli.run(line.toArray(String[]::new));
  }
}
