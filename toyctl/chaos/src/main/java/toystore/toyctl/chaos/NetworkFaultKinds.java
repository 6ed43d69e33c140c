package toystore.toyctl.chaos;

import java.time.Duration;
import java.util.List;
import toystore.config.Role;
import toystore.toyctl.chaos.faults.FaultyNetwork;
import toystore.toyctl.chaos.faults.LinkConditions;
import toystore.toyctl.chaos.faults.NetworkFault;

/** The kinds of faults that affect the network: partitions, delays and packet loss. */
final class NetworkFaultKinds {
  private static final Duration MAX_DELAY = Duration.ofMillis(200);
  private static final double MIN_LOSS = 0.05;
  private static final double LOSS_RANGE = 0.4;

  private final FaultyNetwork network;
  private final List<String> nodes;

  /**
   * @param nodes the names of all nodes of the store
   */
  NetworkFaultKinds(FaultyNetwork network, List<String> nodes) {
    this.network = network;
    this.nodes = nodes;
  }

  List<FaultKind> all() {
    return List.of(
        new FaultKind("cut off leader", choices -> isolate(choices.leader())),
        new FaultKind("cut off follower", choices -> isolate(choices.follower())),
        new FaultKind("cut off catalog", choices -> isolate(choices.any(Role.CATALOG))),
        new FaultKind("cut off front end", choices -> isolate(choices.any(Role.FRONTEND))),
        new FaultKind("leader is not heard", choices -> cutOutgoing(choices.leader())),
        new FaultKind(
            "leader does not hear",
            choices -> NetworkFault.incoming(network, choices.leader(), nodes, LinkConditions.CUT)),
        new FaultKind("follower is not heard", choices -> cutOutgoing(choices.follower())),
        new FaultKind("any is not heard", choices -> cutOutgoing(choices.anyNode())),
        new FaultKind("slow network", this::slow),
        new FaultKind("lossy network", this::lossy));
  }

  private NetworkFault isolate(String node) {
    return NetworkFault.bothWays(network, node, nodes, LinkConditions.CUT);
  }

  private NetworkFault cutOutgoing(String node) {
    return NetworkFault.outgoing(network, node, nodes, LinkConditions.CUT);
  }

  private NetworkFault slow(RandomChoices choices) {
    return NetworkFault.bothWays(
        network,
        choices.anyNode(),
        nodes,
        LinkConditions.slow(choices.upTo(MAX_DELAY), choices.upTo(MAX_DELAY)));
  }

  private NetworkFault lossy(RandomChoices choices) {
    return NetworkFault.bothWays(
        network,
        choices.anyNode(),
        nodes,
        LinkConditions.lossy(MIN_LOSS + LOSS_RANGE * choices.fraction()));
  }
}
