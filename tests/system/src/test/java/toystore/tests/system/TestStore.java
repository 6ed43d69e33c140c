package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.client.StoreClient;
import toystore.client.StoreResult;
import toystore.protocol.api.Product;
import toystore.protocol.codec.Json;

/**
 * A complete store of real processes, in a temporary directory and on free ports, that tests
 * operate through {@code toyctl} and the public API. Closing it stops all nodes and deletes the
 * directory.
 */
final class TestStore implements AutoCloseable {
  static final String LEADER = "order-3";
  static final List<String> ORDER_NODES = List.of("order-1", "order-2", "order-3");

  /**
   * All port offsets of the nodes, including additional front ends and catalogs, are below this.
   */
  private static final int OFFSETS = 27;

  private static final int PORTS = 200 + OFFSETS;
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(15);

  private final Path directory;
  private final int portBase;
  private final ToyctlProcess toyctl;
  private final ApiHttpClient http = new ApiHttpClient();

  private TestStore(Path directory, int portBase, String... options) {
    this.directory = directory;
    this.portBase = portBase;
    this.toyctl =
        new ToyctlProcess(
            Stream.concat(
                    Stream.of(
                        "--data",
                        data().toString(),
                        "--port-base",
                        Integer.toString(portBase),
                        "--timeout",
                        "30"),
                    Stream.of(options))
                .toArray(String[]::new));
  }

  /** Starts a store with the shipped products. */
  static TestStore start() {
    return prepare().upWith();
  }

  /**
   * Starts a store with the given products. The stock of each is more than a test can buy.
   *
   * @param settings the settings that differ from the shipped ones, as YAML
   */
  static TestStore startWithSettings(String settings, String... names) {
    try {
      Path directory = Files.createTempDirectory("toystore-test");
      Path file = Files.writeString(directory.resolve("settings.yaml"), settings, UTF_8);
      return startWithUnlimitedStock(
          new TestStore(directory, freePortBase(), "--config", file.toString()), names);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TestStore startWithUnlimitedStock(TestStore store, String... names) {
    StringBuilder csv = new StringBuilder("name,price,quantity\n");
    for (String name : names) {
      csv.append(name).append(",9.99,1000000000\n");
    }
    Path catalog = store.directory.resolve("catalog.csv");
    try {
      Files.writeString(catalog, csv, UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return store.upWith("--catalog", catalog.toString());
  }

  /** Creates a directory and chooses ports for a store, but does not start it. */
  static TestStore prepare() {
    try {
      return new TestStore(Files.createTempDirectory("toystore-test"), freePortBase());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs {@code toyctl up} with these options. */
  private TestStore upWith(String... options) {
    String[] command = Stream.concat(Stream.of("up"), Stream.of(options)).toArray(String[]::new);
    try {
      toyctl.run(command).succeeded();
      return this;
    } catch (AssertionError e) {
      close();
      throw e;
    }
  }

  /** A port base below the ports that the system uses for outgoing connections. */
  private static int freePortBase() {
    while (true) {
      int base = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      if (Stream.iterate(base + 1, port -> port < base + PORTS, port -> port + 1)
          .filter(port -> (port - base) % 100 < OFFSETS)
          .allMatch(TestStore::isFree)) {
        return base;
      }
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  Path data() {
    return directory.resolve("data");
  }

  int portBase() {
    return portBase;
  }

  ToyctlProcess toyctl() {
    return toyctl;
  }

  /** The URL of the first front end. */
  String frontEnd() {
    return "http://127.0.0.1:" + (portBase + 3);
  }

  /** The URL of the front end with this id. */
  String frontEnd(int id) {
    return "http://127.0.0.1:" + (portBase + (id == 1 ? 3 : 10 + id));
  }

  String catalog() {
    return "http://127.0.0.1:" + (portBase + 1);
  }

  /** The URL of an order replica. */
  String orderReplica(int id) {
    return "http://127.0.0.1:" + (portBase + List.of(2, 4, 5).get(id - 1));
  }

  /** A response of any node. */
  record Answer(int status, String body, Map<String, List<String>> headers) {
    JsonNode json() {
      try {
        return Json.mapper().readTree(body);
      } catch (IOException e) {
        throw new UncheckedIOException("the body is not JSON: " + body, e);
      }
    }

    String header(String name) {
      return headers.entrySet().stream()
          .filter(e -> e.getKey().equalsIgnoreCase(name))
          .map(e -> e.getValue().getFirst())
          .findFirst()
          .orElse("");
    }
  }

  Answer get(String url) {
    return send(HttpRequest.newBuilder(URI.create(url)).GET());
  }

  /** Sends a JSON body to the first front end. Headers are alternating names and values. */
  Answer post(String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(frontEnd() + path))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    request.header("Content-Type", "application/json");
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request);
  }

  Answer send(HttpRequest.Builder request) {
    try {
      ApiHttpClient.Response response = http.send(request, REQUEST_TIMEOUT);
      return new Answer(
          response.status(), new String(response.body(), UTF_8), response.headers().map());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("interrupted during a request", e);
  }

  /** The body of a purchase request. */
  static String purchase(String name, int quantity) {
    return "{\"name\":\"" + name + "\",\"quantity\":" + quantity + "}";
  }

  /** A client of the first front end, for one thread. */
  private StoreClient client() {
    return new StoreClient(http, List.of(frontEnd()), 0);
  }

  /** Buys and returns the order number. Fails on any other answer than success. */
  long buy(String name, int quantity) {
    try {
      return succeeded(client().buy(name, quantity, null, Deadline.in(REQUEST_TIMEOUT)))
          .orderNumber();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static <T> T succeeded(StoreResult<T> result) {
    return switch (result) {
      case StoreResult.Answered<T>(T value) -> value;
      case StoreResult.Failed<T> failed ->
          throw new AssertionError("a client saw an error: " + failed);
    };
  }

  Answer product(String name) {
    return get(frontEnd() + StoreClient.productPath(name));
  }

  /** The stock of every product, as clients see it. */
  Map<String, Long> quantities() {
    try {
      Map<String, Long> quantities = new TreeMap<>();
      for (Product product : succeeded(client().products(Deadline.in(REQUEST_TIMEOUT)))) {
        quantities.put(product.name(), product.quantity());
      }
      return quantities;
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Kills a node with SIGKILL. */
  void kill(String node) {
    toyctl.run("stop", node, "--kill").succeeded();
  }

  ToyctlProcess.Outcome startNode(String node) {
    return toyctl.run("start", node).succeeded();
  }

  /** Stops all nodes. */
  void down() {
    toyctl.run("down").succeeded();
  }

  JsonNode status() {
    return toyctl.run("status", "-o", "json").json();
  }

  /** The outcome of {@code toyctl verify} with JSON output. */
  ToyctlProcess.Outcome verify() {
    return toyctl.run("verify", "-o", "json");
  }

  /** The status of one node. */
  JsonNode status(String node) {
    return StreamSupport.stream(status().get("nodes").spliterator(), false)
        .filter(n -> n.get("node").asText().equals(node))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() {
    toyctl.run("down");
    http.close();
    try (Stream<Path> paths = Files.walk(directory)) {
      paths.sorted(Comparator.reverseOrder()).forEach(TestStore::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path path) {
    try {
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
