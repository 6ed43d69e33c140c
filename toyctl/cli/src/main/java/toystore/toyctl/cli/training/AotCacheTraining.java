package toystore.toyctl.cli.training;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.DataWipe;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.nodes.ProbeResult;
import toystore.toyctl.cluster.process.AotCaches;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.NodeProcess;
import toystore.toyctl.cluster.process.StopResult;

/**
 * Creates the AOT caches: runs a small store under load whose processes write their caches when
 * they end, and then puts the written caches in place.
 */
public final class AotCacheTraining {
  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final Duration KILL_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(50);

  /** The name of the cache of the command line. */
  private static final String CLI_CACHE = "toyctl";

  /**
   * The order replica that writes the cache of its role. It starts last, so that it is first a
   * follower that catches up, and then takes over as leader.
   */
  private static final String TRAINED_REPLICA = "order-3";

  private static final String SETTINGS =
      """
      cluster: training
      nodes:
        - {name: catalog,  role: catalog,  id: 1, host: 127.0.0.1, port-offset: 1}
        - {name: order-1,  role: order,    id: 1, host: 127.0.0.1, port-offset: 2}
        - {name: frontend, role: frontend, id: 1, host: 127.0.0.1, port-offset: 3}
        - {name: order-2,  role: order,    id: 2, host: 127.0.0.1, port-offset: 4}
        - {name: order-3,  role: order,    id: 3, host: 127.0.0.1, port-offset: 5}
      raft:
        caught-up-for: 1s
      """;

  private final Distribution distribution;
  private final String commandsMain;
  private final StoreConfig config;
  private final Path settings;
  private final Path data;
  private final Path products;
  private final AotCaches caches;
  private final NodeClient nodes;
  private final Deadline deadline = Deadline.in(TIMEOUT);

  private AotCacheTraining(
      Distribution distribution, String commandsMain, Path directory, ApiHttpClient http)
      throws IOException {
    this.distribution = distribution;
    this.commandsMain = commandsMain;
    this.settings = Files.writeString(directory.resolve("training.yaml"), SETTINGS, UTF_8);
    this.config = NodePorts.withFreePorts(StoreConfig.load(settings));
    this.data = directory.resolve("data");
    this.products = directory.resolve("products.csv");
    this.caches = distribution.aotCaches();
    this.nodes = new NodeClient(http, config);
  }

  /**
   * Creates all caches of a distribution.
   *
   * @param commandsMain the main class of a process that runs a typical command; its arguments are
   *     those of {@code toyctl up}
   */
  public static void run(Distribution distribution, String commandsMain)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("toystore-training");
    try (ApiHttpClient http = new ApiHttpClient()) {
      new AotCacheTraining(distribution, commandsMain, directory, http).createCaches();
    } finally {
      DataWipe.all(directory);
    }
  }

  private void createCaches() throws IOException, InterruptedException {
    String stamp = AotCaches.stamp(caches.jars());
    Files.createDirectories(caches.directory());
    List<String> names = new ArrayList<>(List.of(CLI_CACHE));
    for (Role role : Role.values()) {
      names.add(NodeLauncher.roleName(role));
    }
    caches.deleteWritten(names);
    runStore();
    for (String name : names) {
      caches.adopt(name);
    }
    caches.writeStamp(stamp);
  }

  private void runStore() throws IOException, InterruptedException {
    Cluster training = cluster(caches.training());
    // Only one order replica may write the cache of their common role.
    Cluster plain = cluster(caches.none());
    Node trainedReplica = config.node(TRAINED_REPLICA);
    var _ = Files.writeString(products, TrainingLoad.PRODUCTS, UTF_8);
    List<NodeProcess> started = new ArrayList<>();
    try {
      started.addAll(
          plain.launch(List.of(config.node("order-1"), config.node("order-2")), null, deadline));
      List<Node> others = List.of(config.node("catalog"), config.node("frontend"));
      started.addAll(training.launch(others, products, deadline));
      var _ = training.awaitReady(others, started, deadline);
      String frontEnd = config.url(config.nodes(Role.FRONTEND).getFirst());
      TrainingLoad.run(
          frontEnd,
          TIMEOUT,
          () -> {
            started.addAll(training.launch(List.of(trainedReplica), null, deadline));
            awaitLeading(trainedReplica);
          });
      var _ = plain.stop(List.of("order-1"), false, deadline);
      runCommands();
    } finally {
      // A process writes its cache when it ends, which takes longer than its work did.
      StopResult stopped = training.stopAll(deadline);
      if (!stopped.stillRunning().isEmpty()) {
        started.forEach(node -> node.process().destroyForcibly());
        var _ = training.stop(stopped.stillRunning(), true, Deadline.in(KILL_TIMEOUT));
      }
    }
  }

  private Cluster cluster(AotCaches used) {
    return new Cluster(
        config, data, () -> new NodeLauncher(distribution, config, settings, data, used), nodes);
  }

  private void awaitLeading(Node node) throws InterruptedException {
    while (!isLeading(node)) {
      if (deadline.passed()) {
        throw failure(ExitCode.TIMED_OUT, node.name() + " did not become leader");
      }
      deadline.pause(POLL);
    }
  }

  private boolean isLeading(Node node) throws InterruptedException {
    return nodes.probe(node, deadline.atMost(PROBE_TIMEOUT)) instanceof ProbeResult.Answered answer
        && node.name().equals(answer.status().leader());
  }

  /** Runs the process that writes the cache of the command line. */
  private void runCommands() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(Distribution.JVM);
    command.addAll(caches.training().options(CLI_CACHE));
    command.addAll(List.of("-D" + Distribution.HOME + "=" + distribution.home()));
    command.addAll(List.of("-cp", distribution.classPath(), commandsMain));
    command.addAll(List.of("--config", settings.toString(), "--data", data.toString()));
    command.addAll(List.of("--port-base", Integer.toString(config.portBase())));
    command.addAll(List.of("up", "--catalog", products.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(new File("/dev/null")))
            .start();
    if (!process.waitFor(deadline.timeLimit().toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw failure(ExitCode.TIMED_OUT, "the commands did not end");
    }
    if (process.exitValue() != ExitCode.OK) {
      throw failure(ExitCode.FAILED, "the commands ended with exit code " + process.exitValue());
    }
  }

  private static ToyctlException failure(int exitCode, String why) {
    return new ToyctlException(exitCode, "training", why, "toyctl train");
  }
}
