package toystore.toyctl.cluster.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.ExitReason;
import toystore.toyctl.cluster.datadir.RunFile;
import toystore.toyctl.cluster.datadir.RunFiles;

/**
 * Restarts nodes that ended although no user stopped them. Everything that it needs to know is in
 * the run files, so it may be killed at any time and another supervisor can take over.
 */
public final class Supervisor {
  private static final Duration POLL = Duration.ofMillis(100);

  /** How long a restart may wait for the lock of the data directory. */
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(10);

  private final List<Node> nodes;
  private final RunFiles runs;
  private final Cluster cluster;
  private final @Nullable Path catalog;
  private final Consumer<String> log;
  private final Map<String, NodeHistory> histories = new HashMap<>();

  /** What the supervisor remembers about a node. */
  private static final class NodeHistory {
    final RestartPolicy policy = new RestartPolicy();

    /** The run file of the last process, or null if the node is not meant to run. */
    @Nullable RunFile process;

    /** The monotonic time at which that process was first seen. */
    long seenNanos;

    /** The monotonic time of the next restart, if one is planned. */
    long restartNanos;

    boolean restartPlanned;
  }

  /**
   * @param nodes the nodes of this host
   * @param catalog the products of a new catalog, or null for the shipped ones
   * @param log receives one line for each crash and each restart
   */
  public Supervisor(
      List<Node> nodes,
      RunFiles runs,
      Cluster cluster,
      @Nullable Path catalog,
      Consumer<String> log) {
    this.nodes = nodes;
    this.runs = runs;
    this.cluster = cluster;
    this.catalog = catalog;
    this.log = log;
  }

  /**
   * Checks the nodes again and again, until the thread is interrupted or the run file names another
   * supervisor.
   */
  public void run(long ownPid) throws InterruptedException {
    while (runs.supervisor().map(RunFile::pid).filter(pid -> pid == ownPid).isPresent()) {
      checkAll();
      Thread.sleep(POLL);
    }
  }

  private void checkAll() throws InterruptedException {
    for (Node node : nodes) {
      try {
        check(node);
      } catch (IOException | ToyctlException e) {
        // For example a port is not free yet, or the disk is full. The next check comes soon.
        log.accept(node.name() + " could not be started: " + ErrorText.reason(e));
      }
    }
  }

  private void check(Node node) throws IOException, InterruptedException {
    NodeHistory history = histories.computeIfAbsent(node.name(), name -> new NodeHistory());
    RunFile run = runs.read(node.name()).orElse(null);
    if (run == null || run.desired() != RunFile.DesiredState.RUN) {
      history.process = null;
      history.restartPlanned = false;
      return;
    }
    long now = System.nanoTime();
    if (history.process == null || !history.process.sameProcess(run)) {
      if (run.restarts() == 0) {
        history.policy.reset();
      }
      history.process = run;
      history.seenNanos = now;
      history.restartPlanned = false;
    }
    if (run.process().isPresent()) {
      return;
    }
    if (!history.restartPlanned) {
      planRestart(node, run, history, now);
    } else if (now - history.restartNanos >= 0) {
      // If the restart fails, the next attempt waits for the longest delay.
      history.restartNanos = now + RestartPolicy.MAX_DELAY.toNanos();
      if (cluster.restart(node, run, catalog, Deadline.in(LOCK_TIMEOUT))) {
        log.accept("restarted " + node.name());
      }
    }
  }

  private void planRestart(Node node, RunFile run, NodeHistory history, long now)
      throws IOException, InterruptedException {
    String reason = ExitReason.of(cluster.log(node), run.logStart());
    String ended = node.name() + " ended: " + (reason == null ? "no reason logged" : reason);
    Optional<Duration> delay = history.policy.ended(now, Duration.ofNanos(now - history.seenNanos));
    if (delay.isEmpty()) {
      cluster.leaveDown(run, Deadline.in(LOCK_TIMEOUT));
      log.accept(ended + "; it failed too often and is left down");
      return;
    }
    history.restartPlanned = true;
    history.restartNanos = now + delay.get().toNanos();
    log.accept(ended + "; restart in " + delay.get().toMillis() + " ms");
  }
}
