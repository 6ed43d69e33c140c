package toystore.node.rpc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.config.StoreConfig;
import toystore.node.FreePorts;
import toystore.node.failure.MisdirectedException;
import toystore.node.failure.OverloadedException;
import toystore.node.http.NodeRoutes;
import toystore.node.http.NodeServer;
import toystore.node.http.NodeServerTest;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiProblem;
import toystore.protocol.codec.Json;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

/** Sends messages through the client of the nodes, and invalid ones over a plain socket. */
class MessageConnectionSelectorTest {
  /** A node that reports whether it handles a request on a virtual thread. */
  private static NodeServer start(StoreConfig config) {
    NodeRoutes routes =
        new NodeRoutes()
            .get(
                "/orders",
                (request, response) -> response.send("" + Thread.currentThread().isVirtual()))
            .message("/virtual", String.class, m -> m + Thread.currentThread().isVirtual())
            .message(
                "/fail",
                String.class,
                message -> {
                  throw switch (message) {
                    case "leader" -> new MisdirectedException("order-1", "order-2");
                    case "nobody" -> new MisdirectedException("order-1", null);
                    case "full" -> new OverloadedException("too many requests wait");
                    case "gone" -> new ApiException(410, "there is no such cache session");
                    default -> new IllegalStateException(message);
                  };
                });
    return NodeServer.start(
        config,
        config.node("order-1"),
        routes,
        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
        () -> NodeServerTest.status("ready"));
  }

  @Test
  @DisplayName("Messages are served on platform threads, and HTTP on virtual threads")
  void servesMessagesOnPlatformThreads() throws Exception {
    StoreConfig config = FreePorts.config("order-1");
    String url = config.url(config.node("order-1"));
    NodeServer server = start(config);
    try (SocketNodeCaller caller = new SocketNodeCaller(Duration.ofSeconds(5))) {
      NodeReply reply = call(caller, url + "/virtual", MessageCodec.toCbor("virtual: "));
      assertThat(reply.status()).isEqualTo(200);
      assertThat(MessageCodec.fromCbor(reply.body(), String.class)).isEqualTo("virtual: false");
      assertThat(new String(call(caller, url + "/orders", null).body(), UTF_8)).isEqualTo("true");
    } finally {
      server.close();
    }
  }

  private static NodeReply call(SocketNodeCaller caller, String url, byte @Nullable [] body)
      throws Exception {
    return caller.call(url, body, Duration.ofSeconds(10)).get(20, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @DisplayName("The response to a refused message has a status and the reason")
  @CsvSource({
    "/fail, leader, 421, order-2, order-1 does not lead",
    "/fail, nobody, 421, , order-1 does not lead",
    "/fail, full, 503, , too many requests wait",
    "/fail, gone, 410, , there is no such cache session",
    "/fail, other, 500, , internal error",
    "/orders, x, 404, , there is no message /orders",
  })
  void refusalCarriesStatusAndReason(
      String path, String message, int status, @Nullable String leader, String reason)
      throws Exception {
    StoreConfig config = FreePorts.config("order-1");
    NodeServer server = start(config);
    try (SocketNodeCaller caller = new SocketNodeCaller(Duration.ofSeconds(5))) {
      NodeReply reply =
          call(caller, config.url(config.node("order-1")) + path, MessageCodec.toCbor(message));
      assertThat(reply.status()).isEqualTo(status);
      assertThat(reply.leader()).isEqualTo(leader);
      assertThat(Json.fromJson(reply.body(), ApiProblem.Body.class).error().message())
          .isEqualTo(reason);
    } finally {
      server.close();
    }
  }

  @Test
  @DisplayName("A body that is not a message of the expected type is a bad request")
  void rejectsMessagesOfAnotherType() throws Exception {
    StoreConfig config = FreePorts.config("order-1");
    NodeServer server = start(config);
    try (SocketNodeCaller caller = new SocketNodeCaller(Duration.ofSeconds(5))) {
      String url = config.url(config.node("order-1")) + "/virtual";
      for (byte[] body :
          List.of(new byte[0], new byte[] {1, 2, 3}, MessageCodec.toCbor(List.of(1)))) {
        assertThat(call(caller, url, body).status()).isEqualTo(400);
      }
      assertThat(call(caller, url, MessageCodec.toCbor("")).status()).isEqualTo(200);
    } finally {
      server.close();
    }
  }

  @ParameterizedTest
  @DisplayName("An invalid message ends its connection and affects no other")
  @ValueSource(
      strings = {
        "\0",
        "\0toystore messages 2\n\0\0\0\2\1/",
        "\0toystore messages 1\n\0\0\0\0",
        "\0toystore messages 1\n\u007f\0\0\0\0",
        "\0toystore messages 1\n\u00ff\0\0\0\0",
        "\0toystore messages 1\n\0\0\0\2\7/",
        "\0toystore messages 1\n\0\0\0\u00ff\7/"
      })
  void invalidMessageEndsOnlyItsConnection(String garbage) throws Exception {
    StoreConfig config = FreePorts.config("order-1");
    NodeServer server = start(config);
    int port = config.httpPort(config.node("order-1"));
    try (SocketNodeCaller caller = new SocketNodeCaller(Duration.ofSeconds(5));
        Socket socket = NodeServerTest.connect(port)) {
      socket.getOutputStream().write(garbage.getBytes(ISO_8859_1));
      socket.shutdownOutput();
      assertThat(socket.getInputStream().readAllBytes()).isEmpty();
      String url = config.url(config.node("order-1")) + "/virtual";
      assertThat(call(caller, url, MessageCodec.toCbor("")).ok()).isTrue();
    } finally {
      server.close();
    }
  }

  /** The server reserves memory for an announced message, and any client can announce one. */
  @Test
  @DisplayName("Long messages that are announced but not sent reserve only part of the memory")
  void announcedMessagesReserveLimitedMemory() throws Exception {
    StoreConfig config = FreePorts.config("order-1");
    NodeServer server = start(config);
    int port = config.httpPort(config.node("order-1"));
    String url = config.url(config.node("order-1")) + "/virtual";
    long max = Runtime.getRuntime().maxMemory() / 8 / MessageFrames.MAX_BYTES;
    byte[] announced =
        ByteBuffer.allocate(MessageFrames.preamble().length + MessageFrames.LENGTH + 1)
            .put(MessageFrames.preamble())
            .putInt(MessageFrames.MAX_BYTES)
            .array();
    List<Socket> waiting = new ArrayList<>();
    try (SocketNodeCaller caller = new SocketNodeCaller(Duration.ofSeconds(5))) {
      while (waiting.size() < max) {
        Socket socket = NodeServerTest.connect(port);
        waiting.add(socket);
        socket.setSoTimeout(1);
        socket.getOutputStream().write(announced);
      }
      Awaitility.await()
          .until(
              () ->
                  waiting.stream().filter(MessageConnectionSelectorTest::isEnded).count()
                      >= max / 2);
      assertThat(call(caller, url, MessageCodec.toCbor("")).ok()).isTrue();

      for (Socket socket : waiting) {
        socket.close();
      }
      byte[] longMessage = MessageCodec.toCbor("x".repeat(MessageFrames.MAX_BYTES / 2));
      Awaitility.await()
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(call(caller, url, longMessage).ok()).isTrue());
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
      server.close();
    }
  }

  /** Whether the server has closed the connection. */
  private static boolean isEnded(Socket socket) {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  @DisplayName("A server that closes ends the idle connections of other nodes")
  void closeEndsIdleConnections() throws IOException {
    StoreConfig config = FreePorts.config("order-1");
    NodeServer server = start(config);
    int port = config.httpPort(config.node("order-1"));
    // The server accepts the connections in this order.
    try (Socket unused = NodeServerTest.connect(port);
        Socket reader = NodeServerTest.connect(port);
        Socket node = NodeServerTest.connect(port)) {
      reader.getOutputStream().write("GET /orders HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
      assertThat(reader.getInputStream().read()).isEqualTo('H');
      node.getOutputStream().write("\0toystore messages 1\n\0\0\0\2\1/".getBytes(ISO_8859_1));
      assertThat(node.getInputStream().readNBytes(6)).endsWith(404 >> 8, 404 & 0xff);
      server.close();
      assertThat(node.getInputStream().readAllBytes()).isNotEmpty();
      assertThat(reader.getInputStream().readAllBytes()).isNotEmpty();
      assertThat(unused.getInputStream().readAllBytes()).isEmpty();
    } finally {
      server.close();
    }
  }
}
