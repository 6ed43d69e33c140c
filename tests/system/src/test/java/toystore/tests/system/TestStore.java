package toystore.tests.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import toystore.protocol.codec.Json;

/**
 * A whole store of real processes on ports of its own, in a directory of its own, with the words
 * that tests use: buy, kill, start, leader. It is gone without a trace when it is closed.
 */
final class TestStore implements AutoCloseable {
  static final String LEADER = "order-3";
  static final List<String> ORDER_NODES = List.of("order-1", "order-2", "order-3");

  /** Offsets that a store may use: those listed, and those of nodes that counts add. */
  private static final int OFFSETS = 27;

  private static final int PORTS = 200 + OFFSETS;
  private static final Duration REQUEST = Duration.ofSeconds(15);

  private final Path directory;
  private final int portBase;
  private final ToyctlProcess toyctl;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

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

  /** A store with the shipped products. */
  static TestStore up() {
    return prepare().started();
  }

  /**
   * A store with so many of each of these products, more than any test can sell.
   *
   * @param settings that differ from the shipped ones, as YAML
   */
  static TestStore upWithSettings(String settings, String... names) {
    try {
      Path directory = Files.createTempDirectory("toystore-test");
      Path file = Files.writeString(directory.resolve("settings.yaml"), settings, UTF_8);
      return upWithPlenty(
          new TestStore(directory, freePortBase(), "--config", file.toString()), names);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TestStore upWithPlenty(TestStore store, String... names) {
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
    return store.started("--catalog", catalog.toString());
  }

  /** A directory and ports for a store that is not started. */
  static TestStore prepare() {
    try {
      return new TestStore(Files.createTempDirectory("toystore-test"), freePortBase());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TestStore started(String... options) {
    String[] command = Stream.concat(Stream.of("up"), Stream.of(options)).toArray(String[]::new);
    try {
      toyctl.run(command).succeeded();
      return this;
    } catch (AssertionError e) {
      close();
      throw e;
    }
  }

  /** Below the ports that systems give to outgoing connections. */
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

  String frontEnd() {
    return "http://127.0.0.1:" + (portBase + 3);
  }

  /** The HTTP address of the front end with this id. */
  String frontEnd(int id) {
    return "http://127.0.0.1:" + (portBase + (id == 1 ? 3 : 10 + id));
  }

  String catalog() {
    return "http://127.0.0.1:" + (portBase + 1);
  }

  /** The HTTP address of an order replica. */
  String order(int id) {
    return "http://127.0.0.1:" + (portBase + List.of(2, 4, 5).get(id - 1));
  }

  /** An answer of any node. */
  record Answer(int status, String body, Map<String, List<String>> headers) {
    JsonNode json() {
      try {
        return Json.json().readTree(body);
      } catch (IOException e) {
        throw new UncheckedIOException("not JSON: " + body, e);
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

  /** A purchase at the front end with headers as name, value, name, value. */
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
      HttpResponse<String> response =
          http.send(request.timeout(REQUEST).build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.body(), response.headers().map());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in a request", e);
    }
  }

  /** An answer of one node to another, in bytes. */
  record RawAnswer(int status, byte[] body) {}

  static RawAnswer raw(HttpRequest.Builder request) {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<byte[]> response =
          client.send(request.timeout(REQUEST).build(), HttpResponse.BodyHandlers.ofByteArray());
      return new RawAnswer(response.statusCode(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in a request", e);
    }
  }

  static String order(String name, int quantity) {
    return "{\"name\":\"" + name + "\",\"quantity\":" + quantity + "}";
  }

  /** Buys, and gives the order number; fails on any other answer than success. */
  long buy(String name, int quantity) {
    Answer answer = post("/orders", order(name, quantity));
    if (answer.status() != 200) {
      throw new AssertionError("a client saw an error: " + answer);
    }
    return answer.json().at("/data/order_number").asLong();
  }

  Answer product(String name) {
    return get(frontEnd() + "/products/" + URLEncoder.encode(name, UTF_8).replace("+", "%20"));
  }

  /** What clients see in stock, by product. */
  Map<String, Long> quantities() {
    Map<String, Long> quantities = new TreeMap<>();
    get(frontEnd() + "/products")
        .json()
        .get("data")
        .forEach(p -> quantities.put(p.get("name").asText(), p.get("quantity").asLong()));
    return quantities;
  }

  void kill(String node) {
    toyctl.run("stop", node, "--kill").succeeded();
  }

  ToyctlProcess.Outcome start(String node) {
    return toyctl.run("start", node).succeeded();
  }

  void down() {
    toyctl.run("down").succeeded();
  }

  JsonNode status() {
    return toyctl.run("status", "-o", "json").json();
  }

  /** What {@code toyctl verify} says. */
  ToyctlProcess.Outcome verify() {
    return toyctl.run("verify", "-o", "json");
  }

  /** The row of one node in {@code status}. */
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
