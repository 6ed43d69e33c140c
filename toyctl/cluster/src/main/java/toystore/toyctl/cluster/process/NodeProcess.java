package toystore.toyctl.cluster.process;

import java.nio.file.Path;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.datadir.ExitReason;

/**
 * The process of a node that this program started.
 *
 * @param logStart the position in bytes at which the output of this process begins in the log;
 *     earlier processes of the node wrote the part before it
 */
public record NodeProcess(Node node, Process process, Path log, long logStart) {
  /** Why the process ended: the reason in its log, or else its exit code. */
  String reason() {
    String reason = ExitReason.of(log, logStart);
    return reason == null ? "the process ended with exit code " + process.exitValue() : reason;
  }

  /** The exit code of the node, if toyctl uses the same code with the same meaning. */
  int exitCode() {
    int code = process.exitValue();
    return code == ExitCode.USAGE || code == ExitCode.IN_USE ? code : ExitCode.FAILED;
  }
}
