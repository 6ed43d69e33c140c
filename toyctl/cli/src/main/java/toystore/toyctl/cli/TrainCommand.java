package toystore.toyctl.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.toyctl.chaos.load.BenchRun;
import toystore.toyctl.chaos.load.LoadClient;
import toystore.toyctl.chaos.load.LoadTally;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.StoreClient;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.process.AotCaches;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.DataWipe;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodeLauncher;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.NodeProcess;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.status.ProbeResult;

/**
 * {@code toyctl train}: runs a small throwaway store, whose processes write the caches that later
 * ones start from. The build of the distribution calls it.
 */
@Command(
    name = "train",
    hidden = true,
    description = "Makes the caches that let nodes start faster.")
final class TrainCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration ENDING = Duration.ofSeconds(10);
  private static final String CLI = "toyctl";

  /** Clients that do all that clients do, and such that keep the nodes busy. */
  private static final int CLIENTS = 2;

  private static final int BUYERS = 24;
  private static final int READERS = 4;

  /** So long: profiles of code that ran a few times only are worth nothing. */
  private static final Duration SHOPPING = Duration.ofSeconds(15);

  /** After each such time the busy ones look whether it is over. */
  private static final Duration BUSY = Duration.ofSeconds(1);

  private static final List<String> NAMES = List.of("Tux", "Whale", "Fox", "Lego");

  /**
   * The order replica whose cache is kept: the last to start, so that it follows and then leads.
   */
  private static final String PUPIL = "order-3";

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

  private static final String PRODUCTS =
      """
      name,price,quantity
      Tux,15.99,1000000000
      Whale,9.99,1000000000
      Fox,7.50,1000000000
      Lego,29.00,1000000000
      """;

  private final CommandContext context;

  TrainCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Distribution distribution = context.distribution();
    Path work = Files.createTempDirectory("toystore-training");
    try (HttpApi http = new HttpApi()) {
      Path settings = Files.writeString(work.resolve("training.yaml"), SETTINGS, UTF_8);
      StoreConfig config = NodePorts.onFreeOnes(StoreConfig.load(settings));
      train(distribution, config, settings, work.resolve("data"), http);
    } finally {
      DataWipe.all(work);
    }
    context.say("the start-up caches are made");
    return ExitCode.OK;
  }

  private static void train(
      Distribution distribution, StoreConfig config, Path settings, Path data, HttpApi http)
      throws IOException, InterruptedException {
    AotCaches caches = distribution.aotCaches();
    String jars = AotCaches.stamp(caches.jars());
    Files.createDirectories(caches.directory());
    List<String> names = new ArrayList<>(List.of(CLI));
    for (Role role : Role.values()) {
      names.add(NodeLauncher.word(role));
    }
    caches.discardWritten(names);
    NodeClient nodes = new NodeClient(http, config);
    Cluster others = cluster(distribution, config, settings, data, nodes, caches.training());
    // Of the order replicas one writes the cache.
    Cluster plain = cluster(distribution, config, settings, data, nodes, caches.none());
    Node pupil = config.node(PUPIL);
    Path products = Files.writeString(data.resolveSibling("products.csv"), PRODUCTS, UTF_8);
    CommandDeadline deadline = CommandDeadline.in(PATIENCE);
    List<NodeProcess> started = new ArrayList<>();
    try {
      started.addAll(
          plain.launch(List.of(config.node("order-1"), config.node("order-2")), null, deadline));
      List<Node> pair = List.of(config.node("catalog"), config.node("frontend"));
      started.addAll(others.launch(pair, products, deadline));
      var _ = others.awaitReady(pair, started, deadline);
      shop(
          config,
          () -> {
            started.addAll(others.launch(List.of(pupil), null, deadline));
            awaitLeading(nodes, pupil, deadline);
          });
      var _ = plain.stop(List.of("order-1"), false, deadline);
      commands(distribution, caches.training(), settings, data, products, config, deadline);
    } finally {
      // Each process writes its cache on the way out, which takes longer than its work did.
      Cluster.Stopped stopped = others.stopAll(deadline);
      if (!stopped.stillRunning().isEmpty()) {
        started.forEach(node -> node.process().destroyForcibly());
        var _ = others.stop(stopped.stillRunning(), true, CommandDeadline.in(ENDING));
      }
    }
    for (String name : names) {
      caches.adopt(name);
    }
    caches.noteMadeFrom(jars);
  }

  private static Cluster cluster(
      Distribution distribution,
      StoreConfig config,
      Path settings,
      Path data,
      NodeClient nodes,
      AotCaches caches) {
    return new Cluster(
        config, data, () -> new NodeLauncher(distribution, config, settings, data, caches), nodes);
  }

  private static void awaitLeading(NodeClient nodes, Node node, CommandDeadline deadline)
      throws InterruptedException {
    while (!(nodes.probe(node, deadline.atMost(Duration.ofSeconds(1)))
            instanceof ProbeResult.Answered a
        && node.name().equals(a.status().leader()))) {
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.TIMED_OUT, "training", node.name() + " does not lead", "toyctl train");
      }
      deadline.pause(Duration.ofMillis(50));
    }
  }

  /** What happens while clients shop. */
  @FunctionalInterface
  private interface Meanwhile {
    void run() throws IOException, InterruptedException;
  }

  /** Lets clients shop while something else happens, and for {@link #SHOPPING} after it. */
  private static void shop(StoreConfig config, Meanwhile meanwhile)
      throws IOException, InterruptedException {
    String frontEnd = config.url(config.nodes(Role.FRONTEND).getFirst());
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> shopping = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int id = i;
      shopping.add(Thread.ofPlatform().start(() -> client(frontEnd, id, over)));
    }
    shopping.add(
        busy(
            new BenchRun(List.of(frontEnd), NAMES, BenchRun.What.PURCHASE, BUYERS, null, PATIENCE),
            over));
    shopping.add(
        busy(
            new BenchRun(List.of(frontEnd), NAMES, BenchRun.What.READ, READERS, 400.0, PATIENCE),
            over));
    try {
      meanwhile.run();
      CommandDeadline end = CommandDeadline.in(SHOPPING);
      while (!end.passed()) {
        end.pause(Duration.ofMillis(100));
      }
    } finally {
      over.set(true);
      for (Thread thread : shopping) {
        thread.join();
      }
    }
  }

  private static Thread busy(BenchRun bench, AtomicBoolean over) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                while (!over.get()) {
                  var _ = bench.run(BUSY);
                }
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private static void client(String frontEnd, int id, AtomicBoolean over) {
    try (HttpApi http = new HttpApi()) {
      // What goes wrong shows in what is trained, not here.
      var _ =
          new LoadClient(
                  new StoreClient(http, List.of(frontEnd), 0),
                  new LoadTally(),
                  NAMES,
                  1.0,
                  PATIENCE,
                  new Random(id))
              .run(() -> !over.get());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** One run of the command line itself: what it does most, and what has to be quick. */
  private static void commands(
      Distribution distribution,
      AotCaches caches,
      Path settings,
      Path data,
      Path products,
      StoreConfig config,
      CommandDeadline deadline)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(Distribution.JVM);
    command.addAll(caches.options(CLI));
    command.addAll(List.of("-D" + Distribution.HOME + "=" + distribution.home()));
    command.addAll(List.of("-cp", distribution.classPath(), Lesson.class.getName()));
    command.addAll(List.of("--config", settings.toString(), "--data", data.toString()));
    command.addAll(List.of("--port-base", Integer.toString(config.portBase())));
    command.addAll(List.of("up", "--catalog", products.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(new File("/dev/null")))
            .start();
    if (!process.waitFor(deadline.left().toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new ToyctlException(
          ExitCode.TIMED_OUT, "training", "the commands hang", "toyctl train");
    }
    if (process.exitValue() != ExitCode.OK) {
      throw new ToyctlException(
          ExitCode.FAILED,
          "training",
          "the commands end with " + process.exitValue(),
          "toyctl train");
    }
  }

  /** The main of the process that writes the cache of the command line. */
  static final class Lesson {
    private Lesson() {}

    /**
     * Runs the command with these words, and then {@code status} with the options before it, which
     * may find the store whatever it is; ends as the first of them did.
     */
    public static void main(String[] words) {
      List<String> status =
          new ArrayList<>(List.of(words).subList(0, List.of(words).indexOf("up")));
      status.add("status");
      int up = ToyctlMain.run(words);
      var _ = ToyctlMain.run(status.toArray(String[]::new));
      System.exit(up);
    }
  }
}
