package toystore.toyctl.cluster.process;

import java.util.List;
import java.util.stream.Stream;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/**
 * The result of stopping nodes. A node that was not running is in neither list.
 *
 * @param stopped nodes whose processes have ended
 * @param stillRunning nodes whose processes had not ended when the deadline passed
 */
public record StopResult(List<String> stopped, List<String> stillRunning) {
  public StopResult {
    stopped = List.copyOf(stopped);
    stillRunning = List.copyOf(stillRunning);
  }

  /**
   * Fails if a process is still running.
   *
   * @param kill whether the nodes were killed, not stopped
   * @throws ToyctlException with exit code {@link ExitCode#TIMED_OUT}
   */
  public void requireGone(boolean kill) {
    if (!stillRunning.isEmpty()) {
      throw new ToyctlException(
          ExitCode.TIMED_OUT,
          String.join(", ", stillRunning),
          kill
              ? "killed, but the process has not ended yet"
              : "the stop signal was sent, but the process is still running",
          kill ? "toyctl status" : "toyctl stop --kill " + String.join(" ", stillRunning));
    }
  }

  /** The results of two stop operations together. */
  StopResult and(StopResult other) {
    return new StopResult(
        Stream.concat(stopped.stream(), other.stopped.stream()).toList(),
        Stream.concat(stillRunning.stream(), other.stillRunning.stream()).toList());
  }
}
