package toystore.toyctl.cluster.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** The ports of nodes: which ones a node needs, and whether they are free. */
public final class NodePorts {
  private NodePorts() {}

  /** Fails if a port that the nodes need is in use. */
  public static void requireFree(StoreConfig config, List<Node> nodes) {
    List<String> taken = taken(config, nodes);
    if (!taken.isEmpty()) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "port in use",
          String.join(", ", taken) + "; nothing was started",
          "toyctl --port-base " + (config.portBase() + 1000) + " --data OTHER_DIRECTORY up");
    }
  }

  /** Describes the ports of the nodes that are in use. */
  private static List<String> taken(StoreConfig config, List<Node> nodes) {
    List<String> taken = new ArrayList<>();
    for (Node node : nodes) {
      for (int port : of(config, node)) {
        if (!free(node.host(), port)) {
          taken.add(node.host() + ":" + port + " (" + node.name() + ")");
        }
      }
    }
    return taken;
  }

  /** The HTTP and observe ports, and the Raft port of roles that have a log. */
  private static List<Integer> of(StoreConfig config, Node node) {
    return node.role() == Role.FRONTEND
        ? List.of(config.httpPort(node), config.observePort(node))
        : List.of(config.httpPort(node), config.raftPort(node), config.observePort(node));
  }

  /**
   * The settings with a random port base whose ports are free. The ports are below the range from
   * which operating systems take ports for outgoing connections.
   */
  public static StoreConfig withFreePorts(StoreConfig config) {
    while (true) {
      int base = ThreadLocalRandom.current().nextInt(20_000, 31_000);
      StoreConfig moved = config.withPortBase(base);
      if (taken(moved, moved.nodes()).isEmpty()) {
        return moved;
      }
    }
  }

  private static boolean free(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // The nodes do the same: connections of an earlier process in TIME_WAIT do not matter.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /**
   * Whether a process listens on the HTTP port of the node. This check takes hardly any CPU time,
   * which matters while several JVMs start on few cores.
   */
  static boolean listens(StoreConfig config, Node node, Duration limit) {
    try (Socket socket = new Socket(Proxy.NO_PROXY)) {
      socket.connect(
          new InetSocketAddress(node.host(), config.httpPort(node)), (int) limit.toMillis());
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /** Whether the node runs on this host. */
  public static boolean isLocal(Node node) {
    try {
      InetAddress address = InetAddress.getByName(node.host());
      return address.isAnyLocalAddress()
          || address.isLoopbackAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (UnknownHostException | SocketException _) {
      return false;
    }
  }
}
