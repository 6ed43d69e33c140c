package toystore.toyctl.cluster.process;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.status.ProbeResult;
import toystore.toyctl.cluster.status.StatusReport;

/** The store's processes on this host: starting them, waiting for them, ending them. */
public final class Cluster {
  private static final Duration POLL = Duration.ofMillis(30);

  /** For nodes that are asked after others: {@link #awaitReady}. */
  private static final Duration SELDOM = Duration.ofMillis(300);

  private static final Duration PROBE = Duration.ofSeconds(1);

  /** How long nodes that have to go because another failed may take before they are killed. */
  private static final Duration UNDO = Duration.ofSeconds(5);

  private final StoreConfig config;
  private final Path data;
  private final RunFiles runs;
  private final Supplier<NodeLauncher> launcher;
  private final NodeClient client;

  public Cluster(
      StoreConfig config, Path data, Supplier<NodeLauncher> launcher, NodeClient client) {
    this.config = config;
    this.data = data;
    this.runs = new RunFiles(data);
    this.launcher = launcher;
    this.client = client;
  }

  /**
   * Starts those of the nodes that do not run, all at once, and does not wait for them. Either all
   * are started or none.
   *
   * @param catalog the products that a new catalog begins with, or null for the shipped ones
   * @return the nodes that this call started
   */
  public List<NodeProcess> launch(
      List<Node> nodes, @Nullable Path catalog, CommandDeadline deadline)
      throws InterruptedException {
    return launch(nodes, catalog, false, deadline);
  }

  /** Starts a node that does not run, as a fresh member of its group. */
  NodeProcess launchToHeal(Node node, CommandDeadline deadline) throws InterruptedException {
    List<NodeProcess> started = launch(List.of(node), null, true, deadline);
    if (started.isEmpty()) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          node.name(),
          "it runs; only a node that does not run can be made a fresh member",
          "toyctl stop " + node.name());
    }
    return started.getFirst();
  }

  private List<NodeProcess> launch(
      List<Node> nodes, @Nullable Path catalog, boolean heal, CommandDeadline deadline)
      throws InterruptedException {
    List<NodeProcess> started = new ArrayList<>();
    try (Closeable _ = runs.lock(deadline)) {
      List<Node> missing =
          nodes.stream().filter(node -> runs.process(node.name()).isEmpty()).toList();
      NodePorts.requireFree(config, missing);
      NodeLauncher starter = launcher.get();
      ClusterFile.claim(data, config);
      for (Node node : missing) {
        NodeProcess process = starter.launch(node, catalog, heal);
        started.add(process);
        runs.write(runFile(process));
      }
      return started;
    } catch (InterruptedException | RuntimeException e) {
      undo(started, e);
      throw e;
    } catch (IOException e) {
      undo(started, e);
      throw new ToyctlException(
          ExitCode.FAILED,
          "data directory " + data,
          "it cannot be used: " + Wordings.reason(e),
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
   * Starts a node again whose process ended, unless someone has meanwhile stopped or started it.
   *
   * @param ended what its run file said
   * @return whether it was started
   */
  boolean restart(Node node, RunFile ended, @Nullable Path catalog, CommandDeadline deadline)
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

  /** Notes that a node is not started again, unless someone has meanwhile stopped or started it. */
  void leaveDown(RunFile ended, CommandDeadline deadline) throws IOException, InterruptedException {
    try (Closeable _ = runs.lock(deadline)) {
      if (runs.read(ended.node()).filter(ended::equals).isPresent()) {
        runs.write(ended.withWish(RunFile.Wish.LEFT_DOWN));
      }
    }
  }

  /**
   * Starts the supervisor if none runs.
   *
   * @param always also where none was started before
   * @return its pid, or nothing if there is none
   */
  public Optional<Long> supervise(boolean always, @Nullable Path catalog, CommandDeadline deadline)
      throws IOException, InterruptedException {
    try (Closeable _ = runs.lock(deadline)) {
      Optional<RunFile> known = runs.supervisor();
      Optional<Long> running = known.flatMap(RunFile::process).map(ProcessHandle::pid);
      if (running.isPresent() || (!always && known.isEmpty())) {
        return running;
      }
      Process process = launcher.get().launchSupervisor(catalog);
      runs.writeSupervisor(RunFile.of(Supervisor.NAME, process.toHandle(), "", 0));
      return Optional.of(process.pid());
    }
  }

  /** Ends the supervisor; with the lock, so that it is not just starting a node. */
  private void stopSupervisor(CommandDeadline deadline) throws IOException, InterruptedException {
    if (runs.supervisor().isEmpty()) {
      return;
    }
    try (Closeable _ = runs.lock(deadline)) {
      Optional<ProcessHandle> process = runs.supervisor().flatMap(RunFile::process);
      if (process.isPresent()) {
        boolean _ = process.get().destroyForcibly();
        if (!awaitEnd(process.get(), deadline)) {
          throw new ToyctlException(
              ExitCode.TIMED_OUT, "supervisor", "killed, but not gone yet", "toyctl down");
        }
      }
      Files.deleteIfExists(runs.supervisorPath());
    }
  }

  /**
   * Waits until all nodes serve. If one of those just started ends instead, all of them are brought
   * down again; if only the time is up, they are left to finish.
   *
   * <p>A front end serves when the others do: those are asked after it. To ask all of them again
   * and again while they start costs them a good part of what starting does.
   */
  public Map<Node, NodeStatus> awaitReady(
      List<Node> nodes, List<NodeProcess> started, CommandDeadline deadline)
      throws InterruptedException {
    Map<Node, NodeProcess> own =
        started.stream().collect(Collectors.toMap(NodeProcess::node, process -> process));
    CountDownLatch frontEnds =
        new CountDownLatch(
            (int) nodes.stream().filter(node -> node.role() == Role.FRONTEND).count());
    Map<Node, ProbeResult> last;
    try {
      last =
          ParallelTasks.forEach(
              nodes, node -> awaitReady(node, own.get(node), frontEnds, deadline));
    } catch (RuntimeException e) {
      undo(started, e);
      throw e;
    }
    Map<Node, NodeStatus> ready = new LinkedHashMap<>();
    List<String> late = new ArrayList<>();
    last.forEach(
        (node, probe) -> {
          if (isReady(probe, own.get(node)) && probe instanceof ProbeResult.Answered answer) {
            ready.put(node, answer.status());
          } else {
            late.add(node.name() + " (" + inWords(probe) + ")");
          }
        });
    if (!late.isEmpty()) {
      throw new ToyctlException(
          ExitCode.TIMED_OUT,
          "not ready after " + deadline.inWords(),
          String.join(", ", late) + "; what was started goes on",
          "toyctl status");
    }
    return ready;
  }

  /** What was seen of the node last: that it is ready, unless the time was up first. */
  private ProbeResult awaitReady(
      Node node, @Nullable NodeProcess own, CountDownLatch frontEnds, CommandDeadline deadline)
      throws InterruptedException {
    boolean first = node.role() == Role.FRONTEND;
    ProbeResult last = new ProbeResult.Refused();
    while (true) {
      if (NodePorts.listens(config, node, deadline.atMost(PROBE))) {
        ProbeResult next = client.probe(node, deadline.atMost(PROBE));
        // What the deadline cut short says nothing about the node.
        last = deadline.passed() && next instanceof ProbeResult.Silent ? last : next;
      }
      if (isReady(last, own) || deadline.passed()) {
        if (first) {
          frontEnds.countDown();
        }
        return last;
      }
      requireAlive(node, own);
      if (first || frontEnds.getCount() == 0) {
        deadline.pause(POLL);
      } else {
        // Whether it lives is worth a look now and then.
        var _ = frontEnds.await(deadline.atMost(SELDOM).toNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }

  // While an earlier process still holds the port, it may answer in the place of the new one.
  private static boolean isReady(ProbeResult probe, @Nullable NodeProcess own) {
    return probe instanceof ProbeResult.Answered answer
        && answer.status().ready()
        && (own == null || answer.status().pid() == own.process().pid());
  }

  private void requireAlive(Node node, @Nullable NodeProcess own) {
    if (own != null) {
      if (!own.process().isAlive()) {
        throw new ToyctlException(
            own.exitCode(),
            node.name() + " did not start",
            own.reason() + " (log: " + own.log() + ")",
            own.exitCode() == ExitCode.IN_USE ? "toyctl status" : "tail " + own.log());
      }
    } else if (runs.read(node.name()).isPresent() && runs.process(node.name()).isEmpty()) {
      throw new ToyctlException(
          ExitCode.FAILED,
          node.name(),
          "its process ended (log: " + NodeLauncher.log(data, node.name()).toAbsolutePath() + ")",
          "toyctl start " + node.name());
    }
  }

  private static String inWords(ProbeResult probe) {
    return switch (probe) {
      case ProbeResult.Answered answer -> answer.status().state();
      case ProbeResult.Refused _ -> "nothing listens at its address yet";
      case ProbeResult.Silent silent -> silent.why();
    };
  }

  /** Waits until a replica has applied what the leader of its group has committed by now. */
  NodeStatus awaitCaughtUp(Node node, NodeStatus status, CommandDeadline deadline)
      throws InterruptedException {
    OptionalLong goal = OptionalLong.empty();
    NodeStatus latest = status;
    while (true) {
      if (goal.isEmpty()) {
        goal = leaderCommit(node.role(), deadline);
      }
      Long applied = latest.appliedIndex();
      if (goal.isPresent() && applied != null && applied >= goal.getAsLong()) {
        return latest;
      }
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.TIMED_OUT,
            node.name(),
            goal.isEmpty()
                ? "there is no leader to catch up with"
                : "it has not caught up after " + deadline.inWords() + "; it goes on",
            "toyctl status");
      }
      deadline.pause(POLL);
      if (client.probe(node, deadline.atMost(PROBE)) instanceof ProbeResult.Answered answer) {
        latest = answer.status();
      }
    }
  }

  private OptionalLong leaderCommit(Role role, CommandDeadline deadline)
      throws InterruptedException {
    return ParallelTasks.forEach(
            config.nodes(role), node -> client.probe(node, deadline.atMost(PROBE)))
        .values()
        .stream()
        .flatMap(probe -> StatusReport.leadership(role, probe).stream())
        .max(Comparator.comparingLong(StatusReport::term))
        .map(NodeStatus::commitIndex)
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  /** Takes back what was just started. What goes wrong in it is attached to the first cause. */
  private void undo(List<NodeProcess> started, Exception cause) {
    try {
      for (NodeProcess node : started) {
        node.process().destroy();
      }
      CommandDeadline deadline = CommandDeadline.in(UNDO);
      for (NodeProcess node : started) {
        if (!awaitEnd(node.process().toHandle(), deadline)) {
          node.process().destroyForcibly();
        }
        forget(node.node().name(), node.process().pid());
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    } catch (InterruptedException e) {
      started.forEach(node -> node.process().destroyForcibly());
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes a run file if it still names this process and no later one. */
  private void forget(String node, long pid) throws IOException {
    if (runs.read(node).filter(run -> run.pid() == pid).isPresent()) {
      runs.delete(node);
    }
  }

  /** What came of telling nodes to stop. */
  public record Stopped(List<String> stopped, List<String> stillRunning) {
    /**
     * Fails unless the processes of all nodes are gone.
     *
     * @param kill whether the nodes were killed rather than told to stop
     * @throws ToyctlException with exit code {@link ExitCode#TIMED_OUT}
     */
    public void requireGone(boolean kill) {
      if (!stillRunning.isEmpty()) {
        throw new ToyctlException(
            ExitCode.TIMED_OUT,
            String.join(", ", stillRunning),
            kill ? "killed, but not gone yet" : "told to stop, but still running",
            kill ? "toyctl status" : "toyctl stop --kill " + String.join(" ", stillRunning));
      }
    }
  }

  /**
   * Tells the nodes to stop, all at once, and waits for the end of their processes.
   *
   * @param kill SIGKILL: the process gets no chance to do anything
   */
  public Stopped stop(List<String> nodes, boolean kill, CommandDeadline deadline)
      throws IOException, InterruptedException {
    List<RunFile> told = wishToStop(nodes, deadline);
    Map<String, ProcessHandle> processes = new LinkedHashMap<>();
    told.forEach(run -> run.process().ifPresent(process -> processes.put(run.node(), process)));
    for (ProcessHandle process : processes.values()) {
      // False only if it ended by itself meanwhile.
      boolean _ = kill ? process.destroyForcibly() : process.destroy();
    }
    List<String> stillRunning = new ArrayList<>();
    for (Map.Entry<String, ProcessHandle> entry : processes.entrySet()) {
      if (!awaitEnd(entry.getValue(), deadline)) {
        stillRunning.add(entry.getKey());
      }
    }
    for (RunFile run : told) {
      if (!stillRunning.contains(run.node())) {
        forget(run.node(), run.pid());
      }
    }
    return new Stopped(
        processes.keySet().stream().filter(node -> !stillRunning.contains(node)).toList(),
        List.copyOf(stillRunning));
  }

  /** Notes it first: a supervisor must not take the end of these processes for a crash. */
  private List<RunFile> wishToStop(List<String> nodes, CommandDeadline deadline)
      throws IOException, InterruptedException {
    if (nodes.stream().allMatch(node -> runs.read(node).isEmpty())) {
      return List.of();
    }
    List<RunFile> told = new ArrayList<>();
    try (Closeable _ = runs.lock(deadline)) {
      for (String node : nodes) {
        Optional<RunFile> run = runs.read(node).map(r -> r.withWish(RunFile.Wish.STOP));
        if (run.isPresent()) {
          runs.write(run.get());
          told.add(run.get());
        }
      }
    }
    return told;
  }

  private static boolean awaitEnd(ProcessHandle process, CommandDeadline deadline)
      throws InterruptedException {
    while (RunFile.isAlive(process)) {
      if (deadline.passed()) {
        return false;
      }
      deadline.pause(Duration.ofMillis(10));
    }
    return true;
  }

  /** Stops everything that was started here: the front ends first, so that clients are told. */
  public Stopped stopAll(CommandDeadline deadline) throws IOException, InterruptedException {
    stopSupervisor(deadline);
    List<String> frontEnds =
        config.nodes(Role.FRONTEND).stream()
            .map(Node::name)
            .filter(name -> runs.read(name).isPresent())
            .toList();
    Stopped first = stop(frontEnds, false, deadline);
    Stopped others =
        stop(
            runs.nodes().stream().filter(name -> !frontEnds.contains(name)).toList(),
            false,
            deadline);
    return new Stopped(
        concat(first.stopped, others.stopped), concat(first.stillRunning, others.stillRunning));
  }

  private static List<String> concat(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return List.copyOf(all);
  }

  /**
   * Nodes of this host that run, with or without a run file: what they write to must not be
   * deleted.
   */
  public List<String> running() throws InterruptedException {
    List<Node> local = config.nodes().stream().filter(NodePorts::isLocal).toList();
    return ParallelTasks.forEach(
            local,
            node ->
                runs.process(node.name()).isPresent()
                    || !(client.probe(node, PROBE) instanceof ProbeResult.Refused))
        .entrySet()
        .stream()
        .filter(Map.Entry::getValue)
        .map(entry -> entry.getKey().name())
        .toList();
  }

  /** The live process of a node that was started here. */
  public Optional<ProcessHandle> process(Node node) {
    return runs.process(node.name());
  }

  public Path log(Node node) {
    return NodeLauncher.log(data, node.name());
  }

  /** Whether the data directory holds a catalog already, so that products are not read again. */
  public boolean hasCatalog() {
    return config.nodes(Role.CATALOG).stream()
        .anyMatch(node -> Files.exists(data.resolve(node.name())));
  }
}
