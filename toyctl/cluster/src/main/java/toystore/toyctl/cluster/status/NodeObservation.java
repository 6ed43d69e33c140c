package toystore.toyctl.cluster.status;

import org.jspecify.annotations.Nullable;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.nodes.ProbeResult;
import toystore.toyctl.cluster.process.RestartPolicy;

/**
 * What was observed about a node.
 *
 * @param local whether the node belongs to this host; then a node without a run file does not run
 * @param run the run file of the node, or null if it has none
 * @param alive whether the process of the run file is alive
 * @param exitReason the reason in the log if the process has ended, or null if there is none
 */
public record NodeObservation(
    Node node,
    boolean local,
    @Nullable RunFile run,
    boolean alive,
    ProbeResult probe,
    @Nullable String exitReason) {
  StatusReport.State state() {
    if (run != null && !alive) {
      return run.desired() == RunFile.DesiredState.STOP
          ? StatusReport.State.STOPPED
          : StatusReport.State.CRASHED;
    }
    return switch (probe) {
      case ProbeResult.Answered answer ->
          answer.status().ready() ? StatusReport.State.READY : StatusReport.State.STARTING;
      // The process is alive but does not listen yet.
      case ProbeResult.Refused _ when run != null -> StatusReport.State.STARTING;
      case ProbeResult.Refused _ ->
          local ? StatusReport.State.STOPPED : StatusReport.State.UNREACHABLE;
      case ProbeResult.Silent _ ->
          local && run == null ? StatusReport.State.STOPPED : StatusReport.State.UNREACHABLE;
    };
  }

  /** Why the node crashed, or null if it did not crash. */
  @Nullable String crashReason() {
    if (run == null || state() != StatusReport.State.CRASHED) {
      return null;
    }
    String reason = exitReason == null ? "killed, or ended without a logged reason" : exitReason;
    return run.desired() == RunFile.DesiredState.LEFT_DOWN
        ? "left down after " + RestartPolicy.MAX_FAILURES + " failures within a minute: " + reason
        : reason;
  }

  boolean running() {
    return alive || (run == null && probe instanceof ProbeResult.Answered);
  }

  /** The status that the node reported, or null if it is neither ready nor starting. */
  @Nullable NodeStatus status() {
    StatusReport.State state = state();
    return (state == StatusReport.State.READY || state == StatusReport.State.STARTING)
            && probe instanceof ProbeResult.Answered answer
        ? answer.status()
        : null;
  }
}
