package toystore.node.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.node.FreePorts;
import toystore.node.failure.OverloadedException;
import toystore.node.failure.StartRefusedException;
import toystore.node.limit.MemoryBudget;
import toystore.protocol.api.ApiException;
import toystore.protocol.codec.Json;
import toystore.protocol.message.NodeStatus;

public class NodeServerTest {
  private static final StoreConfig CONFIG = FreePorts.config("frontend");
  private static final Topology.Node NODE = CONFIG.node("frontend");
  private static final String URL = CONFIG.url(NODE);
  private static final int MAX_BODY = 64 << 10;
  private static final int MAX_LONG = 4 << 20;
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private static final NodeServer SERVER =
      start(
          CONFIG,
          new NodeRoutes()
              .post("/orders", NodeServerTest::echo)
              .post("/long", NodeServerTest::echoLong)
              .get("/orders/{number}", NodeServerTest::number)
              .get("/orders", NodeServerTest::number)
              .get(
                  "/busy",
                  (request, response) -> {
                    throw new OverloadedException("too many requests wait");
                  })
              .get(
                  "/broken",
                  (request, response) -> {
                    throw new IllegalStateException("a secret");
                  })
              .get(
                  "/refused",
                  (request, response) -> {
                    response.header("X-Partial", "yes");
                    throw new ApiException(409, "not enough stock: \"3\" left");
                  }));

  @BeforeAll
  static void requireServer() {
    assertThat(SERVER).isNotNull();
  }

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static NodeServer start(StoreConfig config, NodeRoutes routes) {
    PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    metrics.counter("toystore.test").increment();
    return NodeServer.start(
        config, config.node("frontend"), routes, metrics, () -> status("starting"));
  }

  public static NodeStatus status(String state) {
    return new NodeStatus(
        "frontend",
        "frontend",
        state,
        "toy-store",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        1,
        1.5);
  }

  private static void echo(ServerRequest request, ServerResponse response) {
    byte[] body = ApiExchange.jsonBody(request, MAX_BODY);
    ApiExchange.sendData(request, response, Map.of("length", body.length));
  }

  private static void echoLong(ServerRequest request, ServerResponse response) {
    byte[] body = ApiExchange.body(request, MAX_LONG);
    ApiExchange.sendData(request, response, Map.of("length", body.length));
  }

  private static void number(ServerRequest request, ServerResponse response) {
    Map<String, Long> data =
        request.path().pathParameters().contains("number")
            ? Map.of(
                "number",
                ApiExchange.number("order number", request.path().pathParameters().get("number")))
            : Map.of(
                "after",
                ApiExchange.after(request),
                "limit",
                (long) ApiExchange.limit(request, 10_000));
    ApiExchange.sendData(request, response, data);
  }

  private static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create(URL + path)).timeout(Duration.ofSeconds(20));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private static HttpRequest.Builder post(String path, String type, byte[] body) {
    return to(path).header("Content-Type", type).POST(HttpRequest.BodyPublishers.ofByteArray(body));
  }

  /** Sends bytes that an HTTP client would not send, and returns the response. */
  private static String raw(String request) throws IOException {
    return raw(CONFIG.httpPort(NODE), request);
  }

  public static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static String raw(int port, String request) throws IOException {
    try (Socket socket = connect(port)) {
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  private static String rawGet(String path) throws IOException {
    return raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }

  private static void assertProblem(HttpResponse<String> response, int status) throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertProblem(response.body(), status);
  }

  private static void assertProblem(String body, int status) throws IOException {
    JsonNode error = Json.mapper().readTree(body).get("error");
    assertThat(error.get("code").asInt()).isEqualTo(status);
    assertThat(error.get("message").asText()).isNotBlank();
  }

  private static void assertRawProblem(String answer, int status) throws IOException {
    assertThat(answer).startsWith("HTTP/1.1 " + status);
    assertProblem(answer.substring(answer.indexOf("\r\n\r\n") + 4), status);
  }

  @ParameterizedTest
  @DisplayName("The response to an unknown path is 404")
  @ValueSource(strings = {"/", "/order", "/orders/1/2", "/ORDERS", "/products", "/%2e%2e/x", "//"})
  void unknownPathIs404(String path) throws Exception {
    assertProblem(send(to(path)), 404);
  }

  @ParameterizedTest
  @DisplayName("The response to another method is 405 and lists the allowed ones")
  @CsvSource({
    "PUT, /orders, 'POST, GET, HEAD'",
    "DELETE, /orders/1, 'GET, HEAD'",
    "POST, /orders/1, 'GET, HEAD'",
    "PATCH, /orders/1/, 'GET, HEAD'",
    "OPTIONS, /orders, 'POST, GET, HEAD'",
    "BREW, /orders, 'POST, GET, HEAD'",
    "POST, /status, 'GET, HEAD'"
  })
  void otherMethodIs405WithAllowHeader(String method, String path, String allowed)
      throws Exception {
    HttpResponse<String> response =
        send(to(path).method(method, HttpRequest.BodyPublishers.noBody()));

    assertProblem(response, 405);
    assertThat(response.headers().firstValue("Allow")).contains(allowed);
  }

  @ParameterizedTest
  @DisplayName("A trailing slash makes no difference")
  @ValueSource(strings = {"/orders/17", "/orders/17/", "/orders/017"})
  void trailingSlashIsIgnored(String path) throws Exception {
    HttpResponse<String> response = send(to(path));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("{\"data\":{\"number\":17}}");
  }

  @Test
  @DisplayName("The parameters of a listing are optional")
  void listingParametersHaveDefaults() throws Exception {
    JsonNode defaults = Json.mapper().readTree(send(to("/orders/")).body()).get("data");
    assertThat(defaults.get("after").asLong()).isEqualTo(-1);
    assertThat(defaults.get("limit").asLong()).isEqualTo(100);
    JsonNode given =
        Json.mapper().readTree(send(to("/orders?after=-1&limit=7")).body()).get("data");
    assertThat(given.get("after").asLong()).isEqualTo(-1);
    assertThat(given.get("limit").asLong()).isEqualTo(7);
  }

  @ParameterizedTest
  @DisplayName("The response to an invalid number is 400")
  @ValueSource(
      strings = {
        "/orders/x",
        "/orders/-1",
        "/orders/1.5",
        "/orders/9999999999999999999",
        "/orders/%20",
        "/orders?limit=0",
        "/orders?limit=10001",
        "/orders?limit=many",
        "/orders?limit=",
        "/orders?limit=1&limit=2",
        "/orders?after=-2",
        "/orders?after=1&after=2",
      })
  void invalidNumberIs400(String path) throws Exception {
    assertProblem(send(to(path)), 400);
  }

  @ParameterizedTest
  @DisplayName("The response to a malformed encoding is 400 or 404, in JSON")
  @ValueSource(
      strings = {
        "/orders/%zz",
        "/orders/%",
        "/orders/%f",
        "/%",
        "/orders/%ff%fe",
        "/orders?after=%zz"
      })
  void malformedEncodingIs4xxInJson(String path) throws Exception {
    String answer = rawGet(path);

    assertThat(answer).matches("(?s)HTTP/1.1 (400|404) .*");
    assertRawProblem(answer, Integer.parseInt(answer.substring(9, 12)));
  }

  @Test
  @DisplayName("The response to bytes that are not HTTP is 400")
  void nonHttpRequestIs400() throws Exception {
    assertThat(raw("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400");
  }

  @Test
  @DisplayName("Too long headers are refused, and the server keeps working")
  void tooLongHeadersAreRefused() throws Exception {
    String answer =
        raw(
            "GET /orders/1 HTTP/1.1\r\nHost: localhost\r\nX-Big: "
                + "x".repeat(100_000)
                + "\r\n\r\n");

    assertThat(answer).matches("(?s)HTTP/1.1 4.*");
    assertThat(send(to("/orders/1")).statusCode()).isEqualTo(200);
  }

  @Test
  @DisplayName("A path that is too long is refused")
  void tooLongPathIsRefused() throws Exception {
    assertThat(rawGet("/orders/" + "1".repeat(100_000))).matches("(?s)HTTP/1.1 4.*");
    assertThat(send(to("/orders/1")).statusCode()).isEqualTo(200);
  }

  @Test
  @DisplayName("A body of exactly the maximum length is accepted")
  void bodyOfMaximumLengthIsAccepted() throws Exception {
    HttpResponse<String> response = send(post("/orders", "application/json", new byte[MAX_BODY]));

    assertThat(response.body()).isEqualTo("{\"data\":{\"length\":" + MAX_BODY + "}}");
  }

  @ParameterizedTest
  @DisplayName("The response to a longer body is 413")
  @ValueSource(ints = {MAX_BODY + 1, 1 << 20, 17 << 20})
  void longerBodyIs413(int length) throws Exception {
    assertThat(
            raw(
                "POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Connection: close\r\nContent-Length: "
                    + length
                    + "\r\n\r\n"
                    + "x".repeat(Math.min(length, MAX_BODY + 1))))
        .startsWith("HTTP/1.1 413");
    assertThat(send(to("/orders/1")).statusCode()).isEqualTo(200);
  }

  /** Each body begins, but never ends. */
  @Test
  @DisplayName("Long bodies that are announced but not sent reserve only part of the memory")
  void announcedBodiesReserveLimitedMemory() throws Exception {
    byte[] beginning =
        ("POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: " + MAX_LONG + "\r\n\r\n")
            .concat("x".repeat(MemoryBudget.SHORT_BYTES))
            .getBytes(ISO_8859_1);
    HttpRequest.Builder whole = post("/long", "text/plain", new byte[MAX_LONG]);
    List<Socket> waiting = new ArrayList<>();
    try {
      for (long i = Runtime.getRuntime().maxMemory() / 16 / MAX_LONG; i >= 0; i--) {
        Socket socket = connect(CONFIG.httpPort(NODE));
        waiting.add(socket);
        socket.getOutputStream().write(beginning);
      }
      Awaitility.await()
          .untilAsserted(
              () -> {
                HttpResponse<String> response = send(whole);
                assertProblem(response, 503);
                assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
              });
      assertThat(send(post("/orders", "application/json", new byte[9])).statusCode())
          .isEqualTo(200);
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThat(send(whole).body())
                    .isEqualTo("{\"data\":{\"length\":" + MAX_LONG + "}}"));
  }

  @Test
  @DisplayName("The response to a longer body of unknown length is 413")
  void longerBodyOfUnknownLengthIs413() throws Exception {
    HttpResponse<String> response =
        send(
            to("/orders")
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.fromPublisher(
                        HttpRequest.BodyPublishers.ofByteArray(new byte[MAX_BODY + 1]))));

    assertProblem(response, 413);
  }

  @ParameterizedTest
  @DisplayName("The response to another content type is 415")
  @ValueSource(strings = {"text/plain", "application/xml", "application/jsonp", "json", "*/*", ";"})
  void otherContentTypeIs415(String type) throws Exception {
    assertProblem(send(post("/orders", type, new byte[] {'{', '}'})), 415);
  }

  @Test
  @DisplayName("The response to a body without a content type is 415")
  void missingContentTypeIs415() throws Exception {
    assertProblem(send(to("/orders").POST(HttpRequest.BodyPublishers.ofString("{}"))), 415);
  }

  @ParameterizedTest
  @DisplayName("JSON is accepted in any spelling of its content type")
  @ValueSource(
      strings = {
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON"
      })
  void jsonContentTypeIsAccepted(String type) throws Exception {
    assertThat(send(post("/orders", type, new byte[] {'{', '}'})).statusCode()).isEqualTo(200);
  }

  @Test
  @DisplayName("HEAD has the same response as GET, without a body")
  void headIsLikeGetWithoutBody() throws Exception {
    HttpResponse<String> response =
        send(to("/orders/17").method("HEAD", HttpRequest.BodyPublishers.noBody()));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEmpty();
    assertThat(response.headers().firstValueAsLong("Content-Length"))
        .hasValue("{\"data\":{\"number\":17}}".length());
    assertThat(
            send(to("/nothing").method("HEAD", HttpRequest.BodyPublishers.noBody())).statusCode())
        .isEqualTo(404);
  }

  @Test
  @DisplayName("A refusal contains its message, and no header of the partial response")
  void refusalDiscardsPartialResponse() throws Exception {
    HttpResponse<String> response = send(to("/refused"));

    assertProblem(response, 409);
    assertThat(response.body()).contains("not enough stock: \\\"3\\\" left");
    assertThat(response.headers().firstValue("X-Partial")).isEmpty();
  }

  @Test
  @DisplayName("The response to an overload is 503 with Retry-After")
  void overloadIs503WithRetryAfter() throws Exception {
    HttpResponse<String> response = send(to("/busy"));

    assertProblem(response, 503);
    assertThat(response.headers().firstValue("Retry-After")).contains("1");
  }

  @Test
  @DisplayName("The response to an internal error contains no details")
  void internalErrorHasNoDetails() throws Exception {
    HttpResponse<String> response = send(to("/broken"));

    assertProblem(response, 500);
    assertThat(response.body()).doesNotContain("secret");
  }

  @Test
  @DisplayName("The server closes the connection if the client requests it")
  void connectionIsClosedOnRequest() throws Exception {
    assertThat(rawGet("/orders/17")).endsWith("{\"data\":{\"number\":17}}");
  }

  @Test
  @DisplayName("A client that disconnects during its request affects no other")
  void survivesClientThatDisconnects() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), CONFIG.httpPort(NODE))) {
      socket
          .getOutputStream()
          .write(
              ("POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      + "Content-Length: 1000\r\n\r\n{")
                  .getBytes(ISO_8859_1));
      socket.getOutputStream().flush();
    }

    assertThat(send(to("/orders/1")).statusCode()).isEqualTo(200);
  }

  @Test
  @DisplayName("Status, health and metrics are served")
  void servesStatusHealthAndMetrics() throws Exception {
    assertThat(Json.fromJson(send(to("/status")).body().getBytes(UTF_8), NodeStatus.class))
        .isEqualTo(status("starting"));
    HttpResponse<String> health =
        send(HttpRequest.newBuilder(URI.create(CONFIG.observeUrl(NODE) + "/health")));
    assertThat(health.statusCode()).isEqualTo(503);
    assertThat(health.body()).contains("\"DOWN\"").contains("\"starting\"");
    HttpResponse<String> metrics =
        send(HttpRequest.newBuilder(URI.create(CONFIG.observeUrl(NODE) + "/metrics")));
    assertThat(metrics.body()).contains("toystore_test_total 1");
    assertProblem(send(HttpRequest.newBuilder(URI.create(CONFIG.observeUrl(NODE) + "/x"))), 404);
  }

  @Test
  @DisplayName("If a port is in use, the start fails and names the port")
  void portInUseFailsTheStart() throws IOException {
    for (boolean observe : new boolean[] {false, true}) {
      StoreConfig config = FreePorts.config("frontend");
      Topology.Node node = config.node("frontend");
      int port = observe ? config.observePort(node) : config.httpPort(node);
      try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        assertThat(taken.isBound()).isTrue();
        assertThatThrownBy(() -> start(config, new NodeRoutes()))
            .isInstanceOf(StartRefusedException.class)
            .hasMessage("port " + port + " on 127.0.0.1 is in use");
      }
    }
  }
}
