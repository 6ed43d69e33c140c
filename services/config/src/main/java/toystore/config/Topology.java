package toystore.config;

import static toystore.config.ConfigException.require;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The nodes of a store, their hosts and their ports.
 *
 * @param portBase the number that is added to the port offset of each node
 * @param nodes the listed nodes and the nodes that counts added
 */
public record Topology(int portBase, List<Node> nodes) {
  private static final int RAFT_OFFSET = 100;
  private static final int OBSERVE_OFFSET = 200;

  /** Port offsets of added nodes, without their id: catalog-2 has 7, frontend-2 has 12. */
  private static final Map<Role, Integer> ADDED_OFFSETS =
      Map.of(Role.CATALOG, 5, Role.FRONTEND, 10);

  private static final int MAX_FRONTENDS = 16;

  /** One process of the store. */
  public record Node(String name, Role role, int id, String host, int portOffset) {
    public Node {
      require(
          name.matches("[a-z][a-z0-9-]{0,30}"), "nodes: '" + name + "' is not a valid node name");
      require(id > 0, "nodes: the id of " + name + " must be at least 1");
      require(
          portOffset >= 0 && portOffset < 100,
          "nodes: the port-offset of " + name + " must be from 0 to 99");
    }
  }

  public Topology {
    require(portBase >= 1 && portBase <= 65_000, "port-base must be from 1 to 65000");
    nodes = List.copyOf(nodes);
    Set<Object> seen = new HashSet<>();
    for (Node node : nodes) {
      require(seen.add(node.name()), "nodes: the name " + node.name() + " is used twice");
      require(
          seen.add(node.host() + ":" + node.portOffset()),
          "nodes: port-offset "
              + node.portOffset()
              + " on "
              + node.host()
              + " is used twice; the second node is "
              + node.name());
      require(
          seen.add(node.role() + "/" + node.id()),
          "nodes: id " + node.id() + " is used twice among the " + word(node.role()) + " nodes");
    }
    for (Role role : Role.values()) {
      require(
          nodes.stream().anyMatch(node -> node.role() == role),
          "nodes: there is no " + word(role) + " node");
    }
  }

  private static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  /**
   * The listed nodes and those that the counts add. Added nodes are on the host of the first listed
   * node of their role. They get the lowest ids from 2 whose id and name are free.
   */
  static List<Node> complete(List<Node> listed, int catalogReplicas, int frontends) {
    require(
        frontends >= 1 && frontends <= MAX_FRONTENDS,
        "frontends must be from 1 to " + MAX_FRONTENDS);
    return addMissing(addMissing(listed, Role.CATALOG, catalogReplicas), Role.FRONTEND, frontends);
  }

  private static List<Node> addMissing(List<Node> listed, Role role, int count) {
    List<Node> nodes = new ArrayList<>(listed);
    List<Node> ofRole = new ArrayList<>(listed.stream().filter(n -> n.role() == role).toList());
    for (int id = 2; !ofRole.isEmpty() && ofRole.size() < count; id++) {
      Node added =
          new Node(
              word(role) + "-" + id,
              role,
              id,
              ofRole.getFirst().host(),
              ADDED_OFFSETS.getOrDefault(role, 0) + id);
      boolean used =
          nodes.stream()
              .anyMatch(
                  n -> n.name().equals(added.name()) || (n.role() == role && n.id() == added.id()));
      if (!used) {
        nodes.add(added);
        ofRole.add(added);
      }
    }
    return nodes;
  }

  /** The nodes of a role, highest id first. */
  List<Node> nodes(Role role) {
    return nodes.stream()
        .filter(node -> node.role() == role)
        .sorted((one, other) -> Integer.compare(other.id(), one.id()))
        .toList();
  }

  /** Finds a node by name. Throws {@link ConfigException} if there is none. */
  Node node(String name) {
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigException(
                    "there is no node '"
                        + name
                        + "'; the nodes are "
                        + String.join(", ", nodes.stream().map(Node::name).toList())));
  }

  int httpPort(Node node) {
    return portBase + node.portOffset();
  }

  int raftPort(Node node) {
    return httpPort(node) + RAFT_OFFSET;
  }

  int observePort(Node node) {
    return httpPort(node) + OBSERVE_OFFSET;
  }

  String url(Node node) {
    return "http://" + node.host() + ":" + httpPort(node);
  }

  String observeUrl(Node node) {
    return "http://" + node.host() + ":" + observePort(node);
  }
}
