package toystore.toyctl.cluster.status;

import toystore.protocol.message.NodeStatus;

/** What came of asking a node for its status. */
public sealed interface ProbeResult {
  record Answered(NodeStatus status) implements ProbeResult {}

  /** Nothing listens at its address. */
  record Refused() implements ProbeResult {}

  /** It may be there, but does not answer in time, or not as a node of this store. */
  record Silent(String why) implements ProbeResult {}
}
