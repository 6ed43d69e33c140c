package toystore.toyctl.cluster.process;

import java.nio.file.Path;
import toystore.config.StoreConfig.Node;
import toystore.toyctl.cluster.ExitCode;

/**
 * A node that this command started.
 *
 * @param logStart where its part of the log begins; before that is what earlier processes wrote
 */
public record NodeProcess(Node node, Process process, Path log, long logStart) {
  /** What the node itself said to be wrong, or how it ended if it could not say. */
  String reason() {
    String last = ExitReason.of(log, logStart);
    return last == null ? "the process ended with exit code " + process.exitValue() : last;
  }

  /** The node's exit code, as far as it means the same here. */
  int exitCode() {
    int code = process.exitValue();
    return code == ExitCode.USAGE || code == ExitCode.IN_USE ? code : ExitCode.FAILED;
  }
}
