package toystore.node.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;
import toystore.config.StoreConfig;
import toystore.config.Topology;
import toystore.node.failure.StartRefusedException;

/** The addresses of a node's listeners. */
public final class ListenerAddresses {
  private ListenerAddresses() {}

  /** The addresses at which this process can reach its own listeners. */
  public static List<InetSocketAddress> of(StoreConfig config, Topology.Node node) {
    InetAddress listening = resolve(node.host());
    InetAddress address =
        listening.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : listening;
    return List.of(
        new InetSocketAddress(address, config.httpPort(node)),
        new InetSocketAddress(address, config.observePort(node)));
  }

  static InetAddress resolve(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new StartRefusedException("nodes: host '" + host + "' is not known here", e);
    }
  }

  /**
   * Checks that nothing listens on a port. Helidon's {@code start()} only logs that a port is in
   * use.
   *
   * @throws StartRefusedException if the port is in use
   */
  static void requireFree(InetAddress address, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address, port));
    } catch (IOException e) {
      throw new StartRefusedException(
          "port " + port + " on " + address.getHostAddress() + " is in use", e);
    }
  }
}
