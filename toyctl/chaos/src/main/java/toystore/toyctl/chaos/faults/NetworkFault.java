package toystore.toyctl.chaos.faults;

import java.util.List;
import java.util.stream.Stream;

/** A network partition, delay or packet loss in some directions between nodes. */
public record NetworkFault(
    FaultyNetwork network, List<Direction> directions, LinkConditions conditions) implements Fault {
  /** One direction between two nodes. */
  public record Direction(String from, String to) {}

  public NetworkFault {
    directions = List.copyOf(directions);
  }

  /** Affects what the node sends to the others and what they send to it. */
  public static NetworkFault bothWays(
      FaultyNetwork network, String node, List<String> others, LinkConditions conditions) {
    return new NetworkFault(
        network,
        except(node, others)
            .flatMap(other -> Stream.of(new Direction(node, other), new Direction(other, node)))
            .toList(),
        conditions);
  }

  /** Affects what the node sends to the others. What they send to it still arrives. */
  public static NetworkFault outgoing(
      FaultyNetwork network, String node, List<String> others, LinkConditions conditions) {
    return new NetworkFault(
        network,
        except(node, others).map(other -> new Direction(node, other)).toList(),
        conditions);
  }

  /** Affects what the others send to the node. What it sends to them still arrives. */
  public static NetworkFault incoming(
      FaultyNetwork network, String node, List<String> others, LinkConditions conditions) {
    return new NetworkFault(
        network,
        except(node, others).map(other -> new Direction(other, node)).toList(),
        conditions);
  }

  private static Stream<String> except(String node, List<String> nodes) {
    return nodes.stream().filter(other -> !other.equals(node));
  }

  @Override
  public void inject() {
    apply(conditions);
  }

  @Override
  public void heal() {
    apply(LinkConditions.NORMAL);
  }

  private void apply(LinkConditions next) {
    directions.forEach(direction -> network.set(direction.from, direction.to, next));
  }

  @Override
  public String description() {
    List<String> affected =
        directions.stream().map(direction -> direction.from + "→" + direction.to).toList();
    return "network " + conditions.inWords() + ": " + String.join(", ", affected);
  }
}
