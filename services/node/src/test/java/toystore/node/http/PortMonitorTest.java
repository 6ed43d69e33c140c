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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PortMonitorTest {
  private final BlockingQueue<InetSocketAddress> closed = new LinkedBlockingQueue<>();

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private static InetSocketAddress address(ServerSocket socket) {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  @Test
  @DisplayName("A listener that closes is detected, and no other is reported")
  void detectsOnlyTheClosedListener() throws Exception {
    ServerSocket closes = listen();
    InetSocketAddress closing = address(closes);
    try (ServerSocket stays = listen();
        PortMonitor monitor =
            new PortMonitor(List.of(address(stays), closing), Duration.ofMillis(5), closed::add)) {
      assertThat(monitor).isNotNull();
      try (closes) {
        stays.accept().close();
        closes.accept().close();
        closes.accept().close();
        assertThat(closed).isEmpty();
      }

      assertThat(closed.poll(30, TimeUnit.SECONDS)).isEqualTo(closing);
    }
    assertThat(closed).allMatch(closing::equals);
  }
}
