package toystore.toyctl.chaos.faults;

import java.util.List;

/** A network that fails in some directions between nodes: cut, slow or losing. */
public record NetworkFault(
    FaultyNetwork network, List<Direction> directions, LinkConditions weather) implements Fault {
  /** One direction between two nodes. */
  public record Direction(String from, String to) {}

  public NetworkFault {
    directions = List.copyOf(directions);
  }

  /** Everything between one node and the others, both ways. */
  public static NetworkFault around(
      FaultyNetwork network, String node, List<String> others, LinkConditions weather) {
    return new NetworkFault(
        network,
        others.stream()
            .filter(other -> !other.equals(node))
            .flatMap(
                other ->
                    java.util.stream.Stream.of(
                        new Direction(node, other), new Direction(other, node)))
            .toList(),
        weather);
  }

  /** What one node sends to others; what they send to it arrives. */
  public static NetworkFault oneWay(
      FaultyNetwork network, String from, List<String> to, LinkConditions weather) {
    return new NetworkFault(
        network,
        to.stream()
            .filter(other -> !other.equals(from))
            .map(other -> new Direction(from, other))
            .toList(),
        weather);
  }

  @Override
  public void inject() {
    directions.forEach(way -> network.set(way.from, way.to, weather));
  }

  @Override
  public void heal() {
    directions.forEach(way -> network.set(way.from, way.to, LinkConditions.CALM));
  }

  @Override
  public String sentence() {
    return "network "
        + weather.inWords()
        + ": "
        + String.join(", ", directions.stream().map(way -> way.from + "→" + way.to).toList());
  }
}
