package toystore.toyctl.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import toystore.protocol.api.ApiProblem;
import toystore.protocol.codec.Json;

/** An HTTP server on the loopback address whose answers come from a handler. */
final class FakeServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** One request. */
  record Request(
      String method, String path, String query, Map<String, String> headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    long parameter(String name, long absent) {
      for (String pair : query.split("&", -1)) {
        if (pair.startsWith(name + "=")) {
          return Long.parseLong(pair.substring(name.length() + 1));
        }
      }
      return absent;
    }
  }

  /** One answer. The body is sent as JSON. */
  record Reply(int status, Object body, Map<String, String> headers) {
    static Reply ok(Object body) {
      return new Reply(200, body, Map.of());
    }

    static Reply data(Object data) {
      return ok(Map.of("data", data));
    }

    static Reply problem(int status, String message) {
      return new Reply(status, new ApiProblem.Body(new ApiProblem(status, message)), Map.of());
    }
  }

  /** Answers requests. */
  @FunctionalInterface
  interface Handler {
    Reply handle(Request request) throws IOException;
  }

  FakeServer(int port, Handler handler) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/", exchange -> answer(exchange, handler));
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private static void answer(HttpExchange exchange, Handler handler) throws IOException {
    try (exchange) {
      Map<String, String> headers = new java.util.TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.getFirst()));
      String query = exchange.getRequestURI().getQuery();
      Reply reply =
          handler.handle(
              new Request(
                  exchange.getRequestMethod(),
                  exchange.getRequestURI().getRawPath(),
                  query == null ? "" : query,
                  headers,
                  exchange.getRequestBody().readAllBytes()));
      byte[] body = Json.toJson(reply.body);
      reply.headers.forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(reply.status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
