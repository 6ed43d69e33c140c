package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;

/**
 * A network between the nodes of a store on one host, whose every direction between two nodes has a
 * {@link LinkConditions} of its own. Each ordered pair of nodes has a loopback address,
 * 127.FROM.TO.9, at which FROM finds TO's ports through a proxy; {@link #seenBy} gives the
 * addresses that a node's settings have to name. At most nine nodes.
 *
 * <p>A member finds the others where its own settings say, whatever another one is told.
 */
public final class FaultyNetwork implements AutoCloseable {
  /** So that all addresses have the same length. */
  private static final int MOST_NODES = 9;

  private final StoreConfig config;
  private final long seed;
  private final Map<String, Map<String, LinkDirection>> ways = new HashMap<>();
  private final List<FaultyProxy> tunnels = new ArrayList<>();

  private FaultyNetwork(StoreConfig config, long seed) {
    this.config = config;
    this.seed = seed;
  }

  /**
   * Opens the proxies.
   *
   * @param config the store as it is without a network in between, all nodes on this host
   * @param seed for jitter and losses
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
    if (nodes.size() > MOST_NODES) {
      throw new IllegalArgumentException("a network of more than " + MOST_NODES + " nodes");
    }
    for (Node from : nodes) {
      Map<String, LinkDirection> fromHere = new HashMap<>();
      ways.put(from.name(), fromHere);
      for (Node to : nodes) {
        fromHere.put(to.name(), new LinkDirection(seed * 31 + number(from) * 100L + number(to)));
      }
    }
    for (Node from : nodes) {
      for (Node to : nodes) {
        if (talks(from, to)) {
          tunnel(from, to, config.httpPort(to));
          if (from.role() == to.role()) {
            tunnel(from, to, config.raftPort(to));
          }
        }
      }
    }
  }

  /** Whether one opens connections to the other. */
  private static boolean talks(Node from, Node to) {
    return !from.equals(to) && (to.role() != Role.FRONTEND || from.role() == Role.CATALOG);
  }

  private void tunnel(Node from, Node to, int port) throws IOException {
    tunnels.add(
        new FaultyProxy(
            new InetSocketAddress(address(from, to), port),
            new InetSocketAddress(to.host(), port),
            way(from.name(), to.name()),
            way(to.name(), from.name()),
            renaming(from, to)));
  }

  /**
   * A front end tells the catalog where to send invalidations: where it listens itself, for it
   * knows no other address. That has to become the proxy's, which is as long.
   */
  private AddressRewrite renaming(Node from, Node to) {
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

  private LinkDirection way(String from, String to) {
    Map<String, LinkDirection> fromHere = ways.get(from);
    LinkDirection way = fromHere == null ? null : fromHere.get(to);
    if (way == null) {
      throw new IllegalArgumentException("no way from " + from + " to " + to);
    }
    return way;
  }

  /** All nodes with the addresses at which this one finds them. */
  public List<Node> seenBy(String node) {
    Node self = config.node(node);
    return config.nodes().stream()
        .map(
            to ->
                talks(self, to) && to.role() != Role.FRONTEND
                    ? new Node(to.name(), to.role(), to.id(), address(self, to), to.portOffset())
                    : to)
        .toList();
  }

  /** Sets the weather of one direction. */
  public void set(String from, String to, LinkConditions weather) {
    way(from, to).set(weather);
  }

  public LinkConditions weather(String from, String to) {
    return way(from, to).weather();
  }

  /** Calm everywhere. */
  public void calm() {
    ways.values()
        .forEach(fromHere -> fromHere.values().forEach(way -> way.set(LinkConditions.CALM)));
  }

  /** Resets all connections, as a firewall does that forgets them. */
  public void reset() {
    tunnels.forEach(FaultyProxy::reset);
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
    for (FaultyProxy tunnel : tunnels) {
      tunnel.close();
    }
    // Whoever waits for a way to open finds its connection gone.
    calm();
  }
}
