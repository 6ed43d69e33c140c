package toystore.toyctl.cluster.process;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.ClusterFile;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.datadir.RunFiles;

/** Starts nodes while it holds the lock of the data directory, and records them in run files. */
final class LockedLauncher {
  private final StoreConfig config;
  private final Path data;
  private final RunFiles runs;
  private final Supplier<NodeLauncher> launcher;
  private final NodeStopper stopper;

  /**
   * @param stopper stops nodes again when a launch fails
   */
  LockedLauncher(
      StoreConfig config,
      Path data,
      RunFiles runs,
      Supplier<NodeLauncher> launcher,
      NodeStopper stopper) {
    this.config = config;
    this.data = data;
    this.runs = runs;
    this.launcher = launcher;
    this.stopper = stopper;
  }

  /**
   * Starts those of the nodes that are not running, without waiting until they are ready. If one
   * cannot be started, the others are stopped again.
   *
   * @param catalog the products of a new catalog, or null for the shipped ones
   * @param heal whether the nodes start as fresh members of their groups
   * @return the processes that this call started
   */
  List<NodeProcess> launch(
      List<Node> nodes, @Nullable Path catalog, boolean heal, Deadline deadline)
      throws InterruptedException {
    List<NodeProcess> started = new ArrayList<>();
    try (Closeable _ = runs.lock(deadline)) {
      List<Node> missing =
          nodes.stream().filter(node -> runs.process(node.name()).isEmpty()).toList();
      NodePorts.requireFree(config, missing);
      NodeLauncher unlocked = launcher.get();
      ClusterFile.claim(data, config);
      for (Node node : missing) {
        NodeProcess process = unlocked.launch(node, catalog, heal);
        started.add(process);
        runs.write(runFile(process));
      }
      return started;
    } catch (InterruptedException | RuntimeException e) {
      stopper.undo(started, e);
      throw e;
    } catch (IOException e) {
      stopper.undo(started, e);
      throw new ToyctlException(
          ExitCode.FAILED,
          "data directory " + data,
          "it cannot be used: " + ErrorText.reason(e),
          "toyctl --data OTHER_DIRECTORY up",
          e);
    }
  }

  private RunFile runFile(NodeProcess process) {
    return RunFile.of(
        process.node().name(),
        process.process().toHandle(),
        config.url(process.node()),
        process.logStart());
  }

  /**
   * Restarts a node whose process ended, unless a user has stopped or started it in the meantime.
   *
   * @param ended the run file of the process that ended
   * @return whether the node was restarted
   */
  boolean restart(Node node, RunFile ended, @Nullable Path catalog, Deadline deadline)
      throws IOException, InterruptedException {
    try (Closeable _ = runs.lock(deadline)) {
      if (!runs.read(node.name()).filter(ended::equals).isPresent()
          || ended.process().isPresent()) {
        return false;
      }
      NodePorts.requireFree(config, List.of(node));
      NodeProcess process = launcher.get().launch(node, catalog, false);
      runs.write(runFile(process).withRestarts(ended.restarts() + 1));
      return true;
    }
  }

  /**
   * Records that a node is not restarted any more, unless a user has stopped or started it in the
   * meantime.
   *
   * @param ended the run file of the process that ended
   */
  void leaveDown(RunFile ended, Deadline deadline) throws IOException, InterruptedException {
    try (Closeable _ = runs.lock(deadline)) {
      if (runs.read(ended.node()).filter(ended::equals).isPresent()) {
        runs.write(ended.withDesired(RunFile.DesiredState.LEFT_DOWN));
      }
    }
  }
}
