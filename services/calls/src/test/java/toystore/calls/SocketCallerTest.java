package toystore.calls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.api.Paths;

class SocketCallerTest {
  private final SocketCaller caller = new SocketCaller(Duration.ofSeconds(5));

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

  /** A server that answers each connection's requests with these bytes, then closes it. */
  private static Thread answering(ServerSocket server, String... answers) {
    return Thread.ofVirtual()
        .start(
            () -> {
              for (String answer : answers) {
                try (Socket socket = server.accept()) {
                  int read = socket.getInputStream().read(new byte[4096]);
                  assertThat(read).isPositive();
                  socket.getOutputStream().write(answer.getBytes(ISO_8859_1));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }
            });
  }

  @Test
  void aConnectionThatTheNodeHasClosedMeanwhileIsReplacedByAFreshOne() throws Exception {
    try (ServerSocket server = new ServerSocket()) {
      server.bind(anyPort());
      String url = "http://127.0.0.1:" + server.getLocalPort() + "/";
      Thread node =
          answering(
              server,
              "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
              "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb");

      assertThat(get(caller.call(url, null, Duration.ofSeconds(10))).body()).containsExactly('a');
      assertThat(get(caller.call(url, null, Duration.ofSeconds(10))).body()).containsExactly('b');
      node.join();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nno length",
        "HTTP/1.1 2",
        "SSH-2.0-OpenSSH\r\n\r\n",
        ""
      })
  void whatIsNoWholeAnswerFailsTheCall(String answer) throws Exception {
    try (ServerSocket server = new ServerSocket()) {
      server.bind(anyPort());
      String url = "http://127.0.0.1:" + server.getLocalPort() + "/";
      Thread node = answering(server, answer);

      assertThatThrownBy(() -> get(caller.call(url, null, Duration.ofSeconds(10))))
          .hasCauseInstanceOf(IOException.class);
      node.join();
    }
  }

  @Test
  void aNodeThatReadsNothingDoesNotHoldACallBeyondItsTime() throws Exception {
    try (ServerSocket silent = new ServerSocket()) {
      silent.setReceiveBufferSize(4096);
      silent.bind(anyPort());
      String url = "http://127.0.0.1:" + silent.getLocalPort() + "/";

      assertThatThrownBy(() -> get(caller.call(url, new byte[32 << 20], Duration.ofMillis(100))))
          .hasCauseInstanceOf(IOException.class);
    }
  }

  @Test
  void silenceIsBorneAsLongAsItShallBe() throws Exception {
    try (ServerSocket silent = new ServerSocket()) {
      silent.bind(anyPort());
      String url = "http://127.0.0.1:" + silent.getLocalPort() + "/";
      AtomicInteger asked = new AtomicInteger();
      Caller.Silence silence =
          new Caller.Silence(Duration.ofMillis(10), () -> asked.incrementAndGet() < 3);

      assertThatThrownBy(() -> caller.send(url, null, Duration.ofMinutes(1), silence))
          .isInstanceOf(IOException.class);
      assertThat(asked).hasValue(3);
    }
  }
}
