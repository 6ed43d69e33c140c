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
import org.junit.jupiter.api.Test;
import toystore.db.raft.transport.RaftConnection.Frame;
import toystore.db.raft.transport.RaftConnection.Kind;

class RaftConnectionTest {
  private static final int TIMEOUT_MS = 10_000;
  private static final UUID GROUP = new UUID(7, 8);
  private static final byte[] GREETING =
      ByteBuffer.allocate(20).putInt(0x544f5902).putLong(7).putLong(8).array();

  private @Nullable ServerSocket listener;
  private @Nullable RaftConnection asking;
  private @Nullable RaftConnection answering;

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    for (RaftConnection open : new @Nullable RaftConnection[] {asking, answering}) {
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
    asking = connection;
    answering = RaftConnection.accepted(Objects.requireNonNull(listener).accept(), GROUP);
    Objects.requireNonNull(answering).patience(TIMEOUT_MS);
    connection.patience(TIMEOUT_MS);
    return connection;
  }

  private RaftConnection other() {
    return Objects.requireNonNull(answering);
  }

  private static byte[] message(int bytes) {
    byte[] message = new byte[bytes];
    Arrays.fill(message, (byte) 42);
    return message;
  }

  @Test
  void framesArriveAsTheyWereSent() throws Exception {
    RaftConnection connection = connect();
    connection.send(Kind.VOTE, message(0));
    connection.send(Kind.APPEND, message(100));
    assertThat(other().receive().kind()).isEqualTo(Kind.VOTE);
    Frame second = other().receive();
    assertThat(second.kind()).isEqualTo(Kind.APPEND);
    assertThat(second.body()).isEqualTo(message(100));

    // More than the buffers of a socket take.
    Thread sender =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    other().send(Kind.APPEND, message(9 << 20));
                    other().send(Kind.SUCCEED, message(0));
                  } catch (IOException e) {
                    other().close();
                  }
                });
    assertThat(connection.receive().body()).isEqualTo(message(9 << 20));
    assertThat(connection.receive().kind()).isEqualTo(Kind.SUCCEED);
    sender.join();
  }

  @Test
  void whoeverDoesNotGreetIsNoMember() throws IOException {
    try (Socket stranger = new Socket()) {
      stranger.connect(address());
      stranger
          .getOutputStream()
          .write("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      Socket accepted = Objects.requireNonNull(listener).accept();
      try (accepted) {
        assertThatThrownBy(() -> RaftConnection.accepted(accepted, GROUP))
            .hasMessageContaining("no member");
      }
    }
  }

  @Test
  void whoeverIsOfAnotherGroupIsNoMember() throws IOException {
    try (Socket stranger = new Socket()) {
      stranger.connect(address());
      byte[] greeting = GREETING.clone();
      greeting[19]++;
      stranger.getOutputStream().write(greeting);
      try (Socket accepted = Objects.requireNonNull(listener).accept()) {
        assertThatThrownBy(() -> RaftConnection.accepted(accepted, GROUP))
            .hasMessageContaining("another group");
      }
    }
  }

  @Test
  void silenceBeforeAFrameIsBorneAndWithinOneIsTheEnd() throws IOException {
    RaftConnection connection = connect();
    other().patience(20);
    assertThatThrownBy(() -> other().receive()).isInstanceOf(SocketTimeoutException.class);
    connection.send(Kind.VOTE, message(1));
    assertThat(other().receive().kind()).isEqualTo(Kind.VOTE);

    try (Socket raw = new Socket()) {
      raw.connect(address());
      raw.getOutputStream().write(GREETING);
      try (RaftConnection cut =
          RaftConnection.accepted(Objects.requireNonNull(listener).accept(), GROUP)) {
        cut.patience(20);
        raw.getOutputStream().write(new byte[] {0, 0, 0});
        assertThatThrownBy(cut::receive)
            .isInstanceOf(IOException.class)
            .isNotInstanceOf(SocketTimeoutException.class);
      }
    }
  }

  @Test
  void whatIsNoFrameEndsTheConnection() throws IOException {
    for (byte[] wrong : new byte[][] {{127, 0, 0, 0, 1}, {-1, -1, -1, -1, 1}, {0, 0, 0, 0, 99}}) {
      try (Socket raw = new Socket()) {
        raw.connect(address());
        raw.getOutputStream().write(GREETING);
        raw.getOutputStream().write(wrong);
        try (RaftConnection peer =
            RaftConnection.accepted(Objects.requireNonNull(listener).accept(), GROUP)) {
          peer.patience(TIMEOUT_MS);
          assertThatThrownBy(peer::receive).hasMessageContaining("not a frame");
        }
      }
    }
  }

  @Test
  void theEndIsTold() throws IOException {
    connect().close();
    assertThatThrownBy(() -> other().receive()).isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> connectTooMuch()).hasMessageContaining("too long");
  }

  private void connectTooMuch() throws IOException {
    other().send(Kind.APPEND, message(17 << 20));
  }
}
