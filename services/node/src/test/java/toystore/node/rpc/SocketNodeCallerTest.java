package toystore.node.rpc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.client.http.NoResponsePolicy;
import toystore.config.BatchSettings;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.Hold;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

class SocketNodeCallerTest {
  private final SocketNodeCaller caller = new SocketNodeCaller(Duration.ofSeconds(5));

  @AfterEach
  void close() {
    caller.close();
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static NodeReply get(CompletableFuture<NodeReply> reply) throws Exception {
    return reply.get(20, TimeUnit.SECONDS);
  }

  @Test
  @DisplayName("A response has a status, a body and the leader")
  void returnsStatusBodyAndLeader() throws Exception {
    HttpServer server = HttpServer.create(anyPort(), 1);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestURI().getPath().getBytes(ISO_8859_1);
          exchange.getResponseHeaders().add(ApiPaths.LEADER, exchange.getRequestMethod());
          exchange.sendResponseHeaders(421, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/b";
    try {
      NodeReply reply = get(caller.call(url, null, Duration.ofSeconds(10)));
      assertThat(reply.status()).isEqualTo(421);
      assertThat(reply.ok()).isFalse();
      assertThat(reply.body()).containsExactly('/', 'b');
      assertThat(reply.leader()).isEqualTo("GET");
    } finally {
      server.stop(0);
    }
  }

  /** Answers the messages on one connection. The future holds the requests. */
  private static CompletableFuture<List<MessageFrames.Request>> serve(
      ServerSocket server, NodeReply... replies) {
    CompletableFuture<List<MessageFrames.Request>> requests = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              List<MessageFrames.Request> received = new ArrayList<>();
              try (Socket socket = server.accept()) {
                DataInputStream in = new DataInputStream(socket.getInputStream());
                assertThat(in.readNBytes(MessageFrames.preamble().length))
                    .isEqualTo(MessageFrames.preamble());
                for (NodeReply reply : replies) {
                  byte[] frame =
                      in.readNBytes(MessageFrames.length(in.readNBytes(MessageFrames.LENGTH)));
                  received.add(MessageFrames.decodeRequest(ByteBuffer.wrap(frame)));
                  socket.getOutputStream().write(MessageFrames.response(reply));
                }
                requests.complete(received);
              } catch (Throwable e) {
                requests.completeExceptionally(e);
              }
            });
    return requests;
  }

  @Test
  @DisplayName("Messages are frames on one connection")
  void sendsMessagesAsFramesOnOneConnection() throws Exception {
    try (ServerSocket server = new ServerSocket()) {
      server.bind(anyPort());
      byte[] large = new byte[MessageFrames.MAX_BYTES / 2];
      Arrays.fill(large, (byte) 7);
      CompletableFuture<List<MessageFrames.Request>> requests =
          serve(
              server,
              new NodeReply(200, new byte[0], null),
              new NodeReply(200, large, null),
              new NodeReply(421, new byte[] {3}, "order-2"));
      String url = "http://127.0.0.1:" + server.getLocalPort() + "/purchases";

      NodeReply empty = get(caller.call(url, new byte[] {1, 2}, Duration.ofSeconds(10)));
      assertThat(empty.ok()).isTrue();
      assertThat(empty.body()).isEmpty();
      assertThat(empty.leader()).isNull();
      assertThat(get(caller.call(url, large, Duration.ofSeconds(10))).body()).isEqualTo(large);
      NodeReply refused = get(caller.call(url, new byte[0], Duration.ofSeconds(10)));
      assertThat(refused.status()).isEqualTo(421);
      assertThat(refused.body()).containsExactly(3);
      assertThat(refused.leader()).isEqualTo("order-2");

      List<MessageFrames.Request> received = requests.get(20, TimeUnit.SECONDS);
      assertThat(received)
          .extracting(MessageFrames.Request::path)
          .containsExactly("/purchases", "/purchases", "/purchases");
      assertThat(received.getFirst().body()).containsExactly(1, 2);
      assertThat(received.get(1).body()).isEqualTo(large);
      assertThat(received.get(2).body()).isEmpty();
    }
  }

  /** The batch has holds with the longest names, and as many outcomes as an order leader keeps. */
  @Test
  @DisplayName("The largest batch that the settings allow fits into a message")
  void largestBatchFitsIntoAMessage() throws Exception {
    UUID id = new UUID(-1, -1);
    int holds = new BatchSettings(2_000, 2_000).maxSize();
    byte[] largest =
        MessageCodec.toCbor(
            new Hold.Batch(
                Collections.nCopies(holds, new Hold(id, "\ud83d\udc27".repeat(64), 1_000_000, id)),
                new Hold.Outcomes(Collections.nCopies(4_096, id), Collections.nCopies(4_096, id))));

    assertThat(MessageFrames.request(ApiPaths.HOLDS, largest))
        .hasSizeLessThan(MessageFrames.MAX_BYTES);
  }

  @Test
  @DisplayName("A message that is too long is not sent")
  void rejectsTooLongMessages() throws Exception {
    byte[] tooLong = new byte[MessageFrames.MAX_BYTES];

    assertThatThrownBy(
            () -> get(caller.call("http://127.0.0.1:1/x", tooLong, Duration.ofSeconds(10))))
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("too long");
  }

  @ParameterizedTest
  @DisplayName("A response that is not a valid frame fails the call")
  @ValueSource(
      strings = {
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "\0\0\0\0",
        "\u00ff\u00ff\u00ff\u00ff\0\0\0\0",
        "\0\0\0\3\0",
        "\0\0\0\3\0\u00c8\7",
        "\0\0\0\3\0\u00c8\0and more",
        "\0\0\0",
        ""
      })
  void invalidFrameFailsTheCall(String answer) throws Exception {
    try (ServerSocket server = new ServerSocket()) {
      server.bind(anyPort());
      String url = "http://127.0.0.1:" + server.getLocalPort() + "/x";
      Thread node = answering(server, answer);

      assertThatThrownBy(() -> get(caller.call(url, new byte[1], Duration.ofSeconds(10))))
          .hasCauseInstanceOf(IOException.class);
      node.join();
    }
  }

  @ParameterizedTest
  @DisplayName("A call that exceeds its timeout fails")
  @ValueSource(longs = {-20, 0, 50})
  void timeoutFailsTheCall(long timeoutMs) throws IOException {
    try (ServerSocket silent = new ServerSocket()) {
      silent.bind(anyPort());
      String url = "http://127.0.0.1:" + silent.getLocalPort() + "/";

      // If the time is up before the call begins, the future fails as well.
      CompletableFuture<NodeReply> reply = caller.call(url, null, Duration.ofMillis(timeoutMs));
      assertThatThrownBy(() -> get(reply)).hasCauseInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("A call to a dead node fails at once")
  void deadNodeFailsTheCallAtOnce() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket()) {
      closed.bind(anyPort());
      port = closed.getLocalPort();
    }

    assertThatThrownBy(
            () -> get(caller.call("http://127.0.0.1:" + port + "/", null, Duration.ofSeconds(10))))
        .hasCauseInstanceOf(IOException.class);
  }

  /** Answers the first request of each connection with these bytes, then closes it. */
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
  @DisplayName("An idle connection that the node has closed is replaced by a new one")
  void replacesConnectionThatTheNodeClosed() throws Exception {
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
  @DisplayName("An incomplete or invalid HTTP response fails the call")
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
  void incompleteResponseFailsTheCall(String answer) throws Exception {
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
  @DisplayName("A call to a node that reads nothing ends at its timeout")
  void blockedWriteEndsAtTheTimeout() throws Exception {
    try (ServerSocket silent = new ServerSocket()) {
      silent.setReceiveBufferSize(4096);
      silent.bind(anyPort());
      String url = "http://127.0.0.1:" + silent.getLocalPort() + "/";

      assertThatThrownBy(() -> get(caller.call(url, new byte[7 << 20], Duration.ofMillis(100))))
          .hasCauseInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("The silence check decides how long a call waits")
  void silenceCheckEndsTheCall() throws Exception {
    try (ServerSocket silent = new ServerSocket()) {
      silent.bind(anyPort());
      String url = "http://127.0.0.1:" + silent.getLocalPort() + "/";
      AtomicInteger checks = new AtomicInteger();
      NoResponsePolicy silence =
          new NoResponsePolicy(Duration.ofMillis(10), () -> checks.incrementAndGet() < 3);

      assertThatThrownBy(() -> caller.send(url, null, Duration.ofMinutes(1), silence))
          .isInstanceOf(IOException.class);
      assertThat(checks).hasValue(3);
    }
  }
}
