package toystore.toyctl;

import toystore.api.NodeStatus;

/** What came of asking a node for its status. */
sealed interface Probe {
  record Answered(NodeStatus status) implements Probe {}

  /** Nothing listens at its address. */
  record Refused() implements Probe {}

  /** It may be there, but does not answer in time, or not as a node of this store. */
  record Silent(String why) implements Probe {}
}
