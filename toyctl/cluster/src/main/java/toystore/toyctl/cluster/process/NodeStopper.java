package toystore.toyctl.cluster.process;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import toystore.client.Deadline;
import toystore.toyctl.cluster.datadir.ProcessLiveness;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.datadir.RunFiles;

/** Stops and kills nodes, and undoes failed launches. */
final class NodeStopper {
  /** How long nodes of a failed launch may take to stop before they are killed. */
  private static final Duration UNDO_TIME = Duration.ofSeconds(5);

  private final RunFiles runs;

  NodeStopper(RunFiles runs) {
    this.runs = runs;
  }

  /**
   * Sends a signal to all nodes at once and waits until their processes have ended.
   *
   * @param kill whether to send SIGKILL instead of SIGTERM
   */
  StopResult stop(List<String> nodes, boolean kill, Deadline deadline)
      throws IOException, InterruptedException {
    List<RunFile> stopping = markAsStopping(nodes, deadline);
    Map<String, ProcessHandle> processes = new LinkedHashMap<>();
    stopping.forEach(run -> run.process().ifPresent(process -> processes.put(run.node(), process)));
    for (ProcessHandle process : processes.values()) {
      // The result is false only if the process has ended in the meantime.
      boolean _ = kill ? process.destroyForcibly() : process.destroy();
    }
    List<String> stillRunning = new ArrayList<>();
    for (Map.Entry<String, ProcessHandle> entry : processes.entrySet()) {
      if (!ProcessLiveness.awaitEnd(entry.getValue(), deadline)) {
        stillRunning.add(entry.getKey());
      }
    }
    for (RunFile run : stopping) {
      if (!stillRunning.contains(run.node())) {
        deleteRunFile(run.node(), run.pid());
      }
    }
    return new StopResult(
        processes.keySet().stream().filter(node -> !stillRunning.contains(node)).toList(),
        stillRunning);
  }

  /**
   * Records in the run files that the nodes are being stopped. This comes before the signals, so
   * that the supervisor does not take the end of a process for a crash.
   */
  private List<RunFile> markAsStopping(List<String> nodes, Deadline deadline)
      throws IOException, InterruptedException {
    if (nodes.stream().allMatch(node -> runs.read(node).isEmpty())) {
      return List.of();
    }
    List<RunFile> marked = new ArrayList<>();
    try (Closeable _ = runs.lock(deadline)) {
      for (String node : nodes) {
        Optional<RunFile> run = runs.read(node).map(r -> r.withDesired(RunFile.DesiredState.STOP));
        if (run.isPresent()) {
          runs.write(run.get());
          marked.add(run.get());
        }
      }
    }
    return marked;
  }

  /**
   * Stops the nodes of a launch that failed.
   *
   * @param cause why the launch failed; further failures are added to it as suppressed exceptions
   */
  void undo(List<NodeProcess> started, Exception cause) {
    try {
      for (NodeProcess node : started) {
        node.process().destroy();
      }
      Deadline deadline = Deadline.in(UNDO_TIME);
      for (NodeProcess node : started) {
        if (!ProcessLiveness.awaitEnd(node.process().toHandle(), deadline)) {
          node.process().destroyForcibly();
        }
        deleteRunFile(node.node().name(), node.process().pid());
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    } catch (InterruptedException e) {
      started.forEach(node -> node.process().destroyForcibly());
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes the run file of a node unless it names a later process by now. */
  private void deleteRunFile(String node, long pid) throws IOException {
    if (runs.read(node).filter(run -> run.pid() == pid).isPresent()) {
      runs.delete(node);
    }
  }
}
