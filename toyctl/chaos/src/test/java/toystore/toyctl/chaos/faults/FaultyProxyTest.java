package toystore.toyctl.chaos.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FaultyProxyTest {
  private static final int SOON_MS = 150;
  private static final int LATE_MS = 10_000;

  private final LinkDirection requests = new LinkDirection(1);
  private final LinkDirection responses = new LinkDirection(2);
  private final ServerSocket server;
  private final FaultyProxy proxy;
  private final Socket client;
  private final Socket peer;

  FaultyProxyTest() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    server = new ServerSocket(0, 1, here);
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, here)) {
      port = free.getLocalPort();
    }
    proxy =
        new FaultyProxy(
            new InetSocketAddress(here, port),
            new InetSocketAddress(here, server.getLocalPort()),
            requests,
            responses,
            new AddressRewrite("here:1", "gone:2"));
    client = new Socket(here, port);
    peer = server.accept();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    peer.close();
    server.close();
    proxy.close();
  }

  private static void send(Socket from, String text) throws IOException {
    from.getOutputStream().write(text.getBytes(UTF_8));
  }

  private static String receive(Socket at, int length, int timeoutMs) throws IOException {
    at.setSoTimeout(timeoutMs);
    return new String(at.getInputStream().readNBytes(length), UTF_8);
  }

  @Test
  @DisplayName("The proxy forwards bytes and the end of a connection in both directions")
  void forwardsBytesAndTheEndBothWays() throws IOException {
    send(client, "request");
    assertThat(receive(peer, 7, LATE_MS)).isEqualTo("request");
    send(peer, "answer");
    assertThat(receive(client, 6, LATE_MS)).isEqualTo("answer");

    client.shutdownOutput();
    assertThat(peer.getInputStream().read()).isEqualTo(-1);
    peer.close();
    assertThat(client.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  @DisplayName("The proxy replaces the address in what the connecting node sends")
  void replacesTheAddressInRequests() throws IOException {
    send(client, "I am at here:1, here:2.");
    assertThat(receive(peer, 23, LATE_MS)).isEqualTo("I am at gone:2, here:2.");
    send(peer, "you are at here:1");
    assertThat(receive(client, 17, LATE_MS)).isEqualTo("you are at here:1");
  }

  @Test
  @DisplayName("Bytes in a cut direction arrive after it is healed; the other direction works")
  void cutDirectionDelaysBytesUntilHealed() throws IOException {
    requests.set(LinkConditions.CUT);

    send(client, "request");
    assertThatThrownBy(() -> receive(peer, 7, SOON_MS)).isInstanceOf(SocketTimeoutException.class);
    send(peer, "reply..");
    assertThat(receive(client, 7, LATE_MS)).isEqualTo("reply..");

    requests.set(LinkConditions.NORMAL);
    assertThat(receive(peer, 7, LATE_MS)).isEqualTo("request");
  }

  @Test
  @DisplayName("The end of a connection does not pass through a cut direction")
  void cutDirectionHidesTheEndOfAConnection() throws IOException {
    requests.set(LinkConditions.CUT);

    client.close();

    peer.setSoTimeout(SOON_MS);
    assertThatThrownBy(() -> peer.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
    requests.set(LinkConditions.NORMAL);
    peer.setSoTimeout(LATE_MS);
    assertThat(peer.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  @DisplayName("Delayed chunks take the set time and keep their order")
  void delayedChunksKeepTheirOrder() throws IOException {
    requests.set(LinkConditions.slow(Duration.ofMillis(80), Duration.ofMillis(80)));
    long start = System.nanoTime();

    for (int i = 0; i < 10; i++) {
      send(client, Integer.toString(i));
    }

    assertThat(receive(peer, 10, LATE_MS)).isEqualTo("0123456789");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(79));
  }

  @Test
  @DisplayName("A lost chunk arrives with the retransmission")
  void lostChunkArrivesWithTheRetransmission() throws IOException {
    requests.set(LinkConditions.lossy(1));
    long start = System.nanoTime();

    send(client, "lost");

    assertThat(receive(peer, 4, LATE_MS)).isEqualTo("lost");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(199));
  }

  @Test
  @DisplayName("A reset ends the connection on both sides")
  void resetEndsTheConnectionOnBothSides() throws IOException {
    proxy.reset();

    assertThat(hasEnded(client)).isTrue();
    assertThat(hasEnded(peer)).isTrue();
  }

  private static boolean hasEnded(Socket socket) throws IOException {
    try {
      return receive(socket, 1, LATE_MS).isEmpty();
    } catch (SocketTimeoutException _) {
      return false;
    } catch (SocketException _) {
      return true;
    }
  }
}
