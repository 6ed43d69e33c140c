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
import toystore.config.StoreConfig.Node;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** Which ports a node needs, and whether this host can give them. */
public final class NodePorts {
  private NodePorts() {}

  /** Refuses to start anything while a port that it needs is taken. */
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

  /** Those ports of the nodes that are in use, in words. */
  static List<String> taken(StoreConfig config, List<Node> nodes) {
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

  /** HTTP, observe, and Raft for the roles that have a log. */
  static List<Integer> of(StoreConfig config, Node node) {
    return node.role() == Role.FRONTEND
        ? List.of(config.httpPort(node), config.observePort(node))
        : List.of(config.httpPort(node), config.raftPort(node), config.observePort(node));
  }

  /** The settings on ports that are free now, below those that systems give to outgoing calls. */
  public static StoreConfig onFreeOnes(StoreConfig config) {
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
      // As the nodes do: connections of an earlier process that wait for their end are no obstacle.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /**
   * Whether something listens at the node's HTTP port. While five JVMs start on a few cores, this
   * is what waiting for them should cost: next to nothing.
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

  /** Whether the node's host is this one. Nodes of other hosts are started there. */
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
