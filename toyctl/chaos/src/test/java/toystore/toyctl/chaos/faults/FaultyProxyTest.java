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
import org.junit.jupiter.api.Test;

class FaultyProxyTest {
  private static final int SOON_MS = 150;
  private static final int LATE_MS = 10_000;

  private final LinkDirection out = new LinkDirection(1);
  private final LinkDirection back = new LinkDirection(2);
  private final ServerSocket server;
  private final FaultyProxy tunnel;
  private final Socket near;
  private final Socket far;

  FaultyProxyTest() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    server = new ServerSocket(0, 1, here);
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, here)) {
      port = free.getLocalPort();
    }
    tunnel =
        new FaultyProxy(
            new InetSocketAddress(here, port),
            new InetSocketAddress(here, server.getLocalPort()),
            out,
            back,
            new AddressRewrite("here:1", "gone:2"));
    near = new Socket(here, port);
    far = server.accept();
  }

  @AfterEach
  void close() throws IOException {
    near.close();
    far.close();
    server.close();
    tunnel.close();
  }

  private static void send(Socket from, String text) throws IOException {
    from.getOutputStream().write(text.getBytes(UTF_8));
  }

  private static String receive(Socket at, int length, int patienceMs) throws IOException {
    at.setSoTimeout(patienceMs);
    return new String(at.getInputStream().readNBytes(length), UTF_8);
  }

  @Test
  void bytesPassBothWaysAndSoDoesTheEnd() throws IOException {
    send(near, "question");
    assertThat(receive(far, 8, LATE_MS)).isEqualTo("question");
    send(far, "answer");
    assertThat(receive(near, 6, LATE_MS)).isEqualTo("answer");

    near.shutdownOutput();
    assertThat(far.getInputStream().read()).isEqualTo(-1);
    far.close();
    assertThat(near.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void anAddressThatTheConnectingSideNamesIsReplaced() throws IOException {
    send(near, "I am at here:1, here:2.");
    assertThat(receive(far, 23, LATE_MS)).isEqualTo("I am at gone:2, here:2.");
    send(far, "you are at here:1");
    assertThat(receive(near, 17, LATE_MS)).isEqualTo("you are at here:1");
  }

  @Test
  void oneWayCutKeepsWhatIsSentThatWayUntilItIsHealed() throws IOException {
    out.set(LinkConditions.CUT);

    send(near, "question");
    assertThatThrownBy(() -> receive(far, 8, SOON_MS)).isInstanceOf(SocketTimeoutException.class);
    send(far, "unasked");
    assertThat(receive(near, 7, LATE_MS)).isEqualTo("unasked");

    out.set(LinkConditions.CALM);
    assertThat(receive(far, 8, LATE_MS)).isEqualTo("question");
  }

  @Test
  void theEndOfAConnectionIsNotHeardThroughACut() throws IOException {
    out.set(LinkConditions.CUT);

    near.close();

    far.setSoTimeout(SOON_MS);
    assertThatThrownBy(() -> far.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
    out.set(LinkConditions.CALM);
    far.setSoTimeout(LATE_MS);
    assertThat(far.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void slowPiecesTakeTheirTimeAndKeepTheirOrder() throws IOException {
    out.set(LinkConditions.slow(Duration.ofMillis(80), Duration.ofMillis(80)));
    long begun = System.nanoTime();

    for (int i = 0; i < 10; i++) {
      send(near, Integer.toString(i));
    }

    assertThat(receive(far, 10, LATE_MS)).isEqualTo("0123456789");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(79));
  }

  @Test
  void whatIsLostComesWithTheNextAttempt() throws IOException {
    out.set(LinkConditions.lossy(1));
    long begun = System.nanoTime();

    send(near, "lost");

    assertThat(receive(far, 4, LATE_MS)).isEqualTo("lost");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(199));
  }

  @Test
  void aResetEndsTheConnectionOnBothSides() throws IOException {
    tunnel.reset();

    assertThat(hasEnded(near)).isTrue();
    assertThat(hasEnded(far)).isTrue();
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
