package toystore.toyctl.chaos.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;

class FaultyNetworkTest {
  private final StoreConfig config =
      StoreConfig.load(null).withPortBase(ThreadLocalRandom.current().nextInt(20_000, 30_000));

  @Test
  @DisplayName("Each node has its own address, and reaches each peer through a separate proxy")
  void eachNodeReachesEachPeerThroughAProxy() throws IOException {
    try (FaultyNetwork network = FaultyNetwork.between(config, 1)) {
      for (Node self : config.nodes()) {
        for (Node seen : network.addressesFor(self.name())) {
          boolean proxied = !seen.name().equals(self.name()) && !seen.name().equals("frontend");
          assertThat(!seen.host().equals("127.0.0.1"))
              .as(self + " reaches " + seen)
              .isEqualTo(proxied);
        }
      }
      assertThat(
              config.nodes().stream()
                  .flatMap(node -> network.addressesFor(node.name()).stream())
                  .map(Node::host)
                  .filter(host -> !host.equals("127.0.0.1")))
          .doesNotHaveDuplicates()
          .hasSize(16);
    }
  }

  @Test
  @DisplayName("A proxy connects to the port of the node")
  void proxyConnectsToThePortOfTheNode() throws IOException {
    Node order = config.node("order-2");
    try (FaultyNetwork network = FaultyNetwork.between(config, 1);
        ServerSocket server = new ServerSocket()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), config.raftPort(order)));
      String host =
          network.addressesFor("order-1").stream()
              .filter(node -> node.name().equals("order-2"))
              .map(Node::host)
              .findFirst()
              .orElseThrow();

      try (Socket near = new Socket(host, config.raftPort(order));
          Socket far = server.accept()) {
        near.getOutputStream().write(7);
        assertThat(far.getInputStream().read()).isEqualTo(7);
      }
    }
  }
}
