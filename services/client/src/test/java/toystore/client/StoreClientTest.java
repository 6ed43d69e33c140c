package toystore.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.protocol.api.Order;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;

class StoreClientTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final String UNAVAILABLE = "{\"error\":{\"code\":503,\"message\":\"no leader\"}}";
  private static final String PLACED = "{\"data\":{\"order_number\":7}}";

  private final List<HttpServer> servers = new ArrayList<>();
  private final List<String> keys = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ApiHttpClient http = new ApiHttpClient();

  @FunctionalInterface
  private interface Answer {
    void send(HttpExchange exchange) throws IOException;
  }

  @AfterEach
  void close() {
    closed.countDown();
    http.close();
    servers.forEach(server -> server.stop(0));
  }

  private String frontEnd(Answer answer) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
          keys.add(String.valueOf(key));
          answer.send(exchange);
          exchange.close();
        });
    server.start();
    servers.add(server);
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static Answer answer(int status, String body, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      }
      byte[] bytes = body.getBytes(UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    };
  }

  private static String unreachable() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "http://127.0.0.1:" + socket.getLocalPort();
    }
  }

  private StoreClient client(String... frontEnds) {
    return new StoreClient(http, List.of(frontEnds), 0);
  }

  @Test
  @DisplayName("A product is returned with the version in its ETag, and its name is encoded")
  void productHasVersionOfETag() throws Exception {
    List<String> paths = new CopyOnWriteArrayList<>();
    String body = "{\"data\":{\"name\":\"a b/c\",\"price\":1.50,\"quantity\":3}}";
    String address =
        frontEnd(
            exchange -> {
              paths.add(exchange.getRequestURI().getRawPath());
              answer(200, body, "ETag", "\"17\"").send(exchange);
            });

    assertThat(client(address).product("a b/c", Deadline.in(LONG)))
        .isEqualTo(
            new StoreResult.Answered<>(
                new StoreClient.ProductWithVersion(new Product("a b/c", new Price(150), 3), 17L)));
    assertThat(paths).containsExactly("/products/a%20b%2Fc");
  }

  @Test
  @DisplayName("A purchase is returned with its version and whether it was replayed")
  void purchaseHasVersionAndReplayed() throws Exception {
    String address =
        frontEnd(answer(200, PLACED, "Product-Version", "18", "Idempotent-Replayed", "true"));

    assertThat(client(address).buy("Tux", 1, "k", Deadline.in(LONG)))
        .isEqualTo(new StoreResult.Answered<>(new StoreClient.Purchase(7, 18L, true)));
    assertThat(keys).containsExactly("k");
  }

  @Test
  @DisplayName("A refusal has the status, the message and the Retry-After header")
  void refusalHasMessageAndRetryAfter() throws Exception {
    String address = frontEnd(answer(503, UNAVAILABLE, "Retry-After", "2"));

    assertThat(client(address).order(1, Deadline.in(LONG)))
        .isEqualTo(new StoreResult.Refused<Order>(503, "no leader", Duration.ofSeconds(2)));
  }

  @Test
  @DisplayName("After status 503 the next request goes to the next front end")
  void temporaryRefusalMovesToNextFrontEnd() throws Exception {
    StoreClient client =
        client(frontEnd(answer(503, UNAVAILABLE)), frontEnd(answer(200, "{\"data\":[]}")));

    assertThat(client.products(Deadline.in(LONG))).isInstanceOf(StoreResult.Refused.class);
    assertThat(client.products(Deadline.in(LONG))).isEqualTo(new StoreResult.Answered<>(List.of()));
    client.returnToPreferred();
    assertThat(client.products(Deadline.in(LONG))).isInstanceOf(StoreResult.Refused.class);
  }

  @Test
  @DisplayName("Unreachable, slow and malformed answers are told apart")
  void reasonsForNoAnswerDiffer() throws Exception {
    String slow =
        frontEnd(
            _ -> {
              try {
                closed.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });

    assertThat(reason(client(unreachable()).products(Deadline.in(LONG))))
        .isEqualTo(StoreResult.Reason.UNREACHABLE);
    assertThat(reason(client(slow).products(Deadline.in(SHORT))))
        .isEqualTo(StoreResult.Reason.TIMED_OUT);
    assertThat(reason(client(frontEnd(answer(200, "<html>"))).products(Deadline.in(LONG))))
        .isEqualTo(StoreResult.Reason.MALFORMED);
    assertThat(reason(client(frontEnd(HttpExchange::close)).products(Deadline.in(LONG))))
        .isEqualTo(StoreResult.Reason.CONNECTION_LOST);
  }

  private static StoreResult.Reason reason(StoreResult<?> result) {
    assertThat(result).isInstanceOf(StoreResult.Unanswered.class);
    return ((StoreResult.Unanswered<?>) result).reason();
  }

  @Test
  @DisplayName("A read is repeated at the next front end if a connection fails")
  void readFailsOver() throws Exception {
    StoreClient client = client(unreachable(), frontEnd(answer(200, "{\"data\":[]}")));

    assertThat(client.readWithFailover(StoreClient::products, Deadline.in(LONG)))
        .isEqualTo(new StoreResult.Answered<>(List.of()));
    assertThat(
            reason(
                client(unreachable(), unreachable())
                    .readWithFailover(StoreClient::products, Deadline.in(LONG))))
        .isEqualTo(StoreResult.Reason.UNREACHABLE);
  }

  @Test
  @DisplayName("An undecided purchase is repeated with the same key until it is decided")
  void purchaseIsRepeatedWithSameKey() throws Exception {
    StoreClient client = client(frontEnd(answer(503, UNAVAILABLE)), frontEnd(answer(200, PLACED)));

    assertThat(client.buyUntilDecided("Tux", 1, "k", Deadline.in(LONG), () -> false))
        .isEqualTo(new PurchaseOutcome.Placed(new StoreClient.Purchase(7, null, false), 2));
    assertThat(keys).containsExactly("k", "k");
  }

  @Test
  @DisplayName("A purchase without a decision is undecided after the deadline")
  void purchaseIsUndecidedAfterDeadline() throws Exception {
    StoreClient client = client(frontEnd(answer(503, UNAVAILABLE)));

    assertThat(client.buyUntilDecided("Tux", 1, "k", Deadline.in(SHORT), () -> false))
        .isInstanceOf(PurchaseOutcome.Undecided.class);
    assertThat(keys).isNotEmpty().containsOnly("k");
  }

  @Test
  @DisplayName(
      "A purchase fails at once if no front end is reachable and waiting is not worthwhile")
  void purchaseFailsIfNothingListens() throws Exception {
    PurchaseOutcome outcome =
        client(unreachable(), unreachable())
            .buyUntilDecided("Tux", 1, "k", Deadline.in(LONG), () -> false);

    assertThat(outcome).isInstanceOf(PurchaseOutcome.Failed.class);
  }
}
