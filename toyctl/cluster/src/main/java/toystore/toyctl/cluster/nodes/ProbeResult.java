package toystore.toyctl.cluster.nodes;

import toystore.protocol.message.NodeStatus;

/** The result of a status request to a node. */
public sealed interface ProbeResult {
  record Answered(NodeStatus status) implements ProbeResult {}

  /** Nothing listens at the node's address. */
  record Refused() implements ProbeResult {}

  /** The node may run, but it did not answer in time, or the answer is not that of this node. */
  record Silent(String why) implements ProbeResult {}
}
