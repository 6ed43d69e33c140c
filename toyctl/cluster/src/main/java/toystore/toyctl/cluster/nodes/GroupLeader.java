package toystore.toyctl.cluster.nodes;

import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import toystore.config.Role;
import toystore.protocol.message.NodeStatus;

/** Determines which node leads a group, from what the nodes report. */
public final class GroupLeader {
  private GroupLeader() {}

  /**
   * The status of the node that leads the group of this role, or empty if no ready node claims to
   * lead it. If several nodes claim to lead, the one with the highest term does (Raft §5.1).
   */
  public static Optional<NodeStatus> among(Stream<ProbeResult> probes, Role role) {
    return probes
        .flatMap(probe -> claim(probe, role).stream())
        .max(Comparator.comparingLong(GroupLeader::term));
  }

  private static Optional<NodeStatus> claim(ProbeResult probe, Role role) {
    return probe instanceof ProbeResult.Answered answer
            && answer.status().ready()
            && (role == Role.ORDER
                ? answer.status().role().equals("leader")
                : answer.status().node().equals(answer.status().leader()))
        ? Optional.of(answer.status())
        : Optional.empty();
  }

  /** The term that the node reports, or -1 if it reports none. */
  public static long term(NodeStatus status) {
    Long term = status.term();
    return term == null ? -1 : term;
  }
}
