package toystore.db.raft.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.db.raft.transport.RaftConnection.Frame;
import toystore.db.raft.transport.RaftConnection.Kind;

class RaftConnectionTest {
  private static final int TIMEOUT_MS = 10_000;
  private static final UUID GROUP = new UUID(7, 8);
  private static final byte[] GREETING =
      ByteBuffer.allocate(20).putInt(0x544f5902).putLong(7).putLong(8).array();

  private @Nullable ServerSocket listener;
  private @Nullable RaftConnection client;
  private @Nullable RaftConnection server;

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    for (RaftConnection open : new @Nullable RaftConnection[] {client, server}) {
      if (open != null) {
        open.close();
      }
    }
    Objects.requireNonNull(listener).close();
  }

  private InetSocketAddress address() {
    return (InetSocketAddress) Objects.requireNonNull(listener).getLocalSocketAddress();
  }

  private RaftConnection connect() throws IOException {
    RaftConnection connection = RaftConnection.open(address(), TIMEOUT_MS, GROUP);
    client = connection;
    server = RaftConnection.accept(Objects.requireNonNull(listener).accept(), GROUP);
    Objects.requireNonNull(server).receiveTimeout(TIMEOUT_MS);
    connection.receiveTimeout(TIMEOUT_MS);
    return connection;
  }

  private RaftConnection serverSide() {
    return Objects.requireNonNull(server);
  }

  private static byte[] message(int bytes) {
    byte[] message = new byte[bytes];
    Arrays.fill(message, (byte) 42);
    return message;
  }

  @Test
  @DisplayName("Frames arrive unchanged and in order")
  void framesArriveUnchanged() throws Exception {
    RaftConnection connection = connect();
    connection.send(Kind.REQUEST_VOTE, message(0));
    connection.send(Kind.APPEND_ENTRIES, message(100));
    assertThat(serverSide().receive().kind()).isEqualTo(Kind.REQUEST_VOTE);
    Frame second = serverSide().receive();
    assertThat(second.kind()).isEqualTo(Kind.APPEND_ENTRIES);
    assertThat(second.body()).isEqualTo(message(100));

    // Larger than the buffers of a socket.
    Thread sender =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    serverSide().send(Kind.APPEND_ENTRIES, message(9 << 20));
                    serverSide().send(Kind.TIMEOUT_NOW, message(0));
                  } catch (IOException e) {
                    serverSide().close();
                  }
                });
    assertThat(connection.receive().body()).isEqualTo(message(9 << 20));
    assertThat(connection.receive().kind()).isEqualTo(Kind.TIMEOUT_NOW);
    sender.join();
  }

  @Test
  @DisplayName("A connection without the greeting is rejected")
  void connectionWithoutGreetingIsRejected() throws IOException {
    try (Socket stranger = new Socket()) {
      stranger.connect(address());
      stranger
          .getOutputStream()
          .write("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      Socket accepted = Objects.requireNonNull(listener).accept();
      try (accepted) {
        assertThatThrownBy(() -> RaftConnection.accept(accepted, GROUP))
            .hasMessageContaining("not a member");
      }
    }
  }

  @Test
  @DisplayName("A member of another group is rejected")
  void memberOfAnotherGroupIsRejected() throws IOException {
    try (Socket stranger = new Socket()) {
      stranger.connect(address());
      byte[] greeting = GREETING.clone();
      greeting[19]++;
      stranger.getOutputStream().write(greeting);
      try (Socket accepted = Objects.requireNonNull(listener).accept()) {
        assertThatThrownBy(() -> RaftConnection.accept(accepted, GROUP))
            .hasMessageContaining("another group");
      }
    }
  }

  @Test
  @DisplayName("A timeout between frames is harmless, one inside a frame ends the connection")
  void timeoutInsideAFrameEndsTheConnection() throws IOException {
    RaftConnection connection = connect();
    serverSide().receiveTimeout(20);
    assertThatThrownBy(() -> serverSide().receive()).isInstanceOf(SocketTimeoutException.class);
    connection.send(Kind.REQUEST_VOTE, message(1));
    assertThat(serverSide().receive().kind()).isEqualTo(Kind.REQUEST_VOTE);

    try (Socket raw = new Socket()) {
      raw.connect(address());
      raw.getOutputStream().write(GREETING);
      try (RaftConnection cut =
          RaftConnection.accept(Objects.requireNonNull(listener).accept(), GROUP)) {
        cut.receiveTimeout(20);
        raw.getOutputStream().write(new byte[] {0, 0, 0});
        assertThatThrownBy(cut::receive)
            .isInstanceOf(IOException.class)
            .isNotInstanceOf(SocketTimeoutException.class);
      }
    }
  }

  @Test
  @DisplayName("An invalid frame ends the connection")
  void invalidFrameEndsTheConnection() throws IOException {
    for (byte[] wrong : new byte[][] {{127, 0, 0, 0, 1}, {-1, -1, -1, -1, 1}, {0, 0, 0, 0, 99}}) {
      try (Socket raw = new Socket()) {
        raw.connect(address());
        raw.getOutputStream().write(GREETING);
        raw.getOutputStream().write(wrong);
        try (RaftConnection peer =
            RaftConnection.accept(Objects.requireNonNull(listener).accept(), GROUP)) {
          peer.receiveTimeout(TIMEOUT_MS);
          assertThatThrownBy(peer::receive).hasMessageContaining("not a frame");
        }
      }
    }
  }

  @Test
  @DisplayName("The receiver is notified of the end of the connection")
  void endOfConnectionIsReported() throws IOException {
    connect().close();
    assertThatThrownBy(() -> serverSide().receive()).isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> sendTooLongMessage()).hasMessageContaining("too long");
  }

  private void sendTooLongMessage() throws IOException {
    serverSide().send(Kind.APPEND_ENTRIES, message(17 << 20));
  }
}
