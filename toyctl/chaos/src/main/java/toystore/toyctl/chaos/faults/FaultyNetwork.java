package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;

/**
 * A network of TCP proxies between the nodes of a store on one host. The conditions can be set for
 * each direction between two nodes. For each ordered pair of nodes there is a loopback address,
 * 127.FROM.TO.9, at which FROM reaches TO's ports through a proxy. {@link #addressesFor} returns
 * the addresses that a node's settings must contain. At most nine nodes are possible.
 *
 * <p>This works because a node uses only the addresses in its own settings to reach its peers.
 */
public final class FaultyNetwork implements AutoCloseable {
  /** With one digit for each node, all addresses have the same length. */
  private static final int MAX_NODES = 9;

  private final StoreConfig config;
  private final long seed;
  private final Map<String, Map<String, LinkDirection>> directions = new HashMap<>();
  private final List<FaultyProxy> proxies = new ArrayList<>();

  private FaultyNetwork(StoreConfig config, long seed) {
    this.config = config;
    this.seed = seed;
  }

  /**
   * Opens the proxies.
   *
   * @param config the settings with the nodes' own addresses; all nodes are on this host
   * @param seed the seed for jitter and packet loss
   */
  public static FaultyNetwork between(StoreConfig config, long seed) throws IOException {
    FaultyNetwork network = new FaultyNetwork(config, seed);
    try {
      network.open();
      return network;
    } catch (IOException e) {
      network.closeAfter(e);
      throw e;
    }
  }

  private void open() throws IOException {
    List<Node> nodes = config.nodes();
    if (nodes.size() > MAX_NODES) {
      throw new IllegalArgumentException("a network can have at most " + MAX_NODES + " nodes");
    }
    for (Node from : nodes) {
      Map<String, LinkDirection> fromHere = new HashMap<>();
      directions.put(from.name(), fromHere);
      for (Node to : nodes) {
        fromHere.put(to.name(), new LinkDirection(seed * 31 + number(from) * 100L + number(to)));
      }
    }
    for (Node from : nodes) {
      for (Node to : nodes) {
        if (connects(from, to)) {
          openProxy(from, to, config.httpPort(to));
          if (from.role() == to.role()) {
            openProxy(from, to, config.raftPort(to));
          }
        }
      }
    }
  }

  /** Whether one node opens connections to the other. */
  private static boolean connects(Node from, Node to) {
    return !from.equals(to) && (to.role() != Role.FRONTEND || from.role() == Role.CATALOG);
  }

  private void openProxy(Node from, Node to, int port) throws IOException {
    proxies.add(
        new FaultyProxy(
            new InetSocketAddress(address(from, to), port),
            new InetSocketAddress(to.host(), port),
            direction(from.name(), to.name()),
            direction(to.name(), from.name()),
            addressRewrite(from, to)));
  }

  /**
   * A front end sends its own address to the catalog, which then sends invalidations there. This
   * address is replaced with the address of the proxy, which has the same length.
   */
  private AddressRewrite addressRewrite(Node from, Node to) {
    if (from.role() != Role.FRONTEND || to.role() != Role.CATALOG) {
      return AddressRewrite.NONE;
    }
    String port = ":" + config.httpPort(from);
    return new AddressRewrite(from.host() + port, address(to, from) + port);
  }

  private int number(Node node) {
    return config.nodes().indexOf(node) + 1;
  }

  private String address(Node from, Node to) {
    return "127." + number(from) + "." + number(to) + ".9";
  }

  private LinkDirection direction(String from, String to) {
    Map<String, LinkDirection> fromHere = directions.get(from);
    LinkDirection direction = fromHere == null ? null : fromHere.get(to);
    if (direction == null) {
      throw new IllegalArgumentException("there is no link from " + from + " to " + to);
    }
    return direction;
  }

  /** All nodes, with the addresses at which the given node reaches them. */
  public List<Node> addressesFor(String node) {
    Node self = config.node(node);
    return config.nodes().stream()
        .map(
            to ->
                connects(self, to) && to.role() != Role.FRONTEND
                    ? new Node(to.name(), to.role(), to.id(), address(self, to), to.portOffset())
                    : to)
        .toList();
  }

  /** Sets the conditions in one direction. */
  public void set(String from, String to, LinkConditions conditions) {
    direction(from, to).set(conditions);
  }

  /** Restores normal conditions everywhere. */
  private void restore() {
    directions
        .values()
        .forEach(fromHere -> fromHere.values().forEach(to -> to.set(LinkConditions.NORMAL)));
  }

  private void closeAfter(IOException cause) {
    try {
      close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() throws IOException {
    for (FaultyProxy proxy : proxies) {
      proxy.close();
    }
    // Wakes the threads that wait for a cut direction; they find their connections closed.
    restore();
  }
}
