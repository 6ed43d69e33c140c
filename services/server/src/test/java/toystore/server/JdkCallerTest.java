package toystore.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.api.Paths;

class JdkCallerTest {
  private final JdkCaller caller = new JdkCaller(Duration.ofSeconds(5));

  @AfterEach
  void close() {
    caller.close();
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static Caller.Reply get(CompletableFuture<Caller.Reply> reply) throws Exception {
    return reply.get(20, TimeUnit.SECONDS);
  }

  @Test
  void theAnswerCarriesStatusBodyAndLeader() throws Exception {
    HttpServer server = HttpServer.create(anyPort(), 1);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().add(Paths.LEADER, exchange.getRequestMethod());
          exchange.sendResponseHeaders(421, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    try {
      Caller.Reply posted = get(caller.call(url, new byte[] {1, 2}, Duration.ofSeconds(10)));
      assertThat(posted.status()).isEqualTo(421);
      assertThat(posted.ok()).isFalse();
      assertThat(posted.body()).containsExactly(1, 2);
      assertThat(posted.leader()).isEqualTo("POST");
      assertThat(get(caller.call(url, null, Duration.ofSeconds(10))).leader()).isEqualTo("GET");
    } finally {
      server.stop(0);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-20, 0, 50})
  void aCallThatTakesLongerThanItMayFails(long timeoutMs) throws IOException {
    try (ServerSocket silent = new ServerSocket()) {
      silent.bind(anyPort());
      String url = "http://127.0.0.1:" + silent.getLocalPort() + "/";

      // Also when the time is up before the call begins: a failed future, no exception.
      CompletableFuture<Caller.Reply> reply = caller.call(url, null, Duration.ofMillis(timeoutMs));
      assertThatThrownBy(() -> get(reply)).hasCauseInstanceOf(IOException.class);
    }
  }

  @Test
  void aDeadNodeFailsTheCallAtOnce() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket()) {
      closed.bind(anyPort());
      port = closed.getLocalPort();
    }

    assertThatThrownBy(
            () -> get(caller.call("http://127.0.0.1:" + port + "/", null, Duration.ofSeconds(10))))
        .hasCauseInstanceOf(IOException.class);
  }
}
