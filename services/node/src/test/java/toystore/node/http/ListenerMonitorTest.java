package toystore.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ListenerMonitorTest {
  private final BlockingQueue<InetSocketAddress> gone = new LinkedBlockingQueue<>();

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private static InetSocketAddress address(ServerSocket of) {
    return (InetSocketAddress) of.getLocalSocketAddress();
  }

  @Test
  void aListenerThatClosesIsNoticedAndOthersAreNot() throws Exception {
    ServerSocket closes = listen();
    InetSocketAddress closing = address(closes);
    try (ServerSocket stays = listen();
        ListenerMonitor watch =
            new ListenerMonitor(
                List.of(address(stays), closing), Duration.ofMillis(5), gone::add)) {
      assertThat(watch).isNotNull();
      try (closes) {
        stays.accept().close();
        closes.accept().close();
        closes.accept().close();
        assertThat(gone).isEmpty();
      }

      assertThat(gone.poll(30, TimeUnit.SECONDS)).isEqualTo(closing);
    }
    assertThat(gone).allMatch(closing::equals);
  }
}
