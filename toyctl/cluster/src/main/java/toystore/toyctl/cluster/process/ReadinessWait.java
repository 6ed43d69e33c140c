package toystore.toyctl.cluster.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.NodeLog;
import toystore.toyctl.cluster.datadir.RunFiles;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.nodes.ProbeResult;

/** Waits until nodes report that they are ready. */
final class ReadinessWait {
  private static final Duration POLL = Duration.ofMillis(30);

  /** The poll interval for nodes other than front ends, while a front end is not ready. */
  private static final Duration SLOW_POLL = Duration.ofMillis(300);

  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

  private final StoreConfig config;
  private final Path data;
  private final RunFiles runs;
  private final NodeClient client;
  private final NodeStopper stopper;

  ReadinessWait(
      StoreConfig config, Path data, RunFiles runs, NodeClient client, NodeStopper stopper) {
    this.config = config;
    this.data = data;
    this.runs = runs;
    this.client = client;
    this.stopper = stopper;
  }

  /**
   * Waits until all nodes are ready. If a started process ends, all started processes are stopped.
   * If the deadline passes, they are left running.
   *
   * <p>A front end becomes ready only after the other nodes are ready, so the other nodes are
   * polled slowly until it is. Polling them fast would take a good part of the CPU time that they
   * need to start.
   *
   * @param started the processes that this program started for some of the nodes
   * @return the status of each node
   * @throws ToyctlException if a process has ended, or if the deadline passed first
   */
  Map<Node, NodeStatus> await(List<Node> nodes, List<NodeProcess> started, Deadline deadline)
      throws InterruptedException {
    Map<Node, NodeProcess> processes =
        started.stream().collect(Collectors.toMap(NodeProcess::node, process -> process));
    CountDownLatch frontEnds =
        new CountDownLatch(
            (int) nodes.stream().filter(node -> node.role() == Role.FRONTEND).count());
    Map<Node, ProbeResult> last;
    try {
      last =
          ParallelTasks.forEach(
              nodes, node -> await(node, processes.get(node), frontEnds, deadline));
    } catch (RuntimeException e) {
      stopper.undo(started, e);
      throw e;
    }
    Map<Node, NodeStatus> ready = new LinkedHashMap<>();
    List<String> late = new ArrayList<>();
    last.forEach(
        (node, probe) -> {
          if (isReady(probe, processes.get(node)) && probe instanceof ProbeResult.Answered answer) {
            ready.put(node, answer.status());
          } else {
            late.add(node.name() + " (" + describe(probe) + ")");
          }
        });
    if (!late.isEmpty()) {
      throw new ToyctlException(
          ExitCode.TIMED_OUT,
          "not ready after " + deadline.inWords(),
          String.join(", ", late) + "; the started nodes continue to start",
          "toyctl status");
    }
    return ready;
  }

  /**
   * Polls a node until it is ready or the deadline passes.
   *
   * @param frontEnds counted down when a front end is ready or the deadline has passed
   * @return the last result
   */
  private ProbeResult await(
      Node node, @Nullable NodeProcess process, CountDownLatch frontEnds, Deadline deadline)
      throws InterruptedException {
    boolean frontEnd = node.role() == Role.FRONTEND;
    ProbeResult last = new ProbeResult.Refused();
    while (true) {
      if (NodePorts.listens(config, node, deadline.atMost(PROBE_TIMEOUT))) {
        ProbeResult next = client.probe(node, deadline.atMost(PROBE_TIMEOUT));
        // A request that the deadline cut short says nothing about the node.
        last = deadline.passed() && next instanceof ProbeResult.Silent ? last : next;
      }
      if (isReady(last, process) || deadline.passed()) {
        if (frontEnd) {
          frontEnds.countDown();
        }
        return last;
      }
      requireAlive(node, process);
      if (frontEnd || frontEnds.getCount() == 0) {
        deadline.pause(POLL);
      } else {
        // The slow poll notices a process that has ended.
        var _ = frontEnds.await(deadline.atMost(SLOW_POLL).toNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }

  // An earlier process that still holds the port may answer instead of the new one.
  private static boolean isReady(ProbeResult probe, @Nullable NodeProcess process) {
    return probe instanceof ProbeResult.Answered answer
        && answer.status().ready()
        && (process == null || answer.status().pid() == process.process().pid());
  }

  private void requireAlive(Node node, @Nullable NodeProcess process) {
    if (process != null) {
      if (!process.process().isAlive()) {
        throw new ToyctlException(
            process.exitCode(),
            node.name() + " did not start",
            process.reason() + " (log: " + process.log() + ")",
            process.exitCode() == ExitCode.IN_USE ? "toyctl status" : "tail " + process.log());
      }
    } else if (runs.read(node.name()).isPresent() && runs.process(node.name()).isEmpty()) {
      throw new ToyctlException(
          ExitCode.FAILED,
          node.name(),
          "its process has ended (log: " + NodeLog.path(data, node.name()).toAbsolutePath() + ")",
          "toyctl start " + node.name());
    }
  }

  private static String describe(ProbeResult probe) {
    return switch (probe) {
      case ProbeResult.Answered answer -> answer.status().state();
      case ProbeResult.Refused _ -> "nothing listens at its address yet";
      case ProbeResult.Silent silent -> silent.why();
    };
  }
}
