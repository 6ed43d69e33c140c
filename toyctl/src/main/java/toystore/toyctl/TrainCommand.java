package toystore.toyctl;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import toystore.api.Role;
import toystore.api.StoreConfig;
import toystore.api.StoreConfig.Node;

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
  private static final int PURCHASES = 150;
  private static final String CLI = "toyctl";

  /** A store that is as small as one can be and yet uses every role. */
  private static final String SETTINGS =
      """
      cluster: training
      nodes:
        - {name: catalog,  role: catalog,  id: 1, host: 127.0.0.1, port-offset: 1}
        - {name: order-1,  role: order,    id: 1, host: 127.0.0.1, port-offset: 2}
        - {name: frontend, role: frontend, id: 1, host: 127.0.0.1, port-offset: 3}
      """;

  private final Context context;

  TrainCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Distribution distribution = context.distribution();
    Path work = Files.createTempDirectory("toystore-training");
    try (Http http = new Http()) {
      Path settings = Files.writeString(work.resolve("training.yaml"), SETTINGS, UTF_8);
      StoreConfig config = onFreePorts(StoreConfig.load(settings));
      train(distribution, config, settings, work.resolve("data"), http);
    } finally {
      deleteAll(work);
    }
    context.say("the start-up caches are made");
    return ExitCode.OK;
  }

  private static void train(
      Distribution distribution, StoreConfig config, Path settings, Path data, Http http)
      throws IOException, InterruptedException {
    AotCaches caches = distribution.aotCaches(true);
    Files.createDirectories(caches.directory());
    Cluster cluster =
        new Cluster(
            config,
            data,
            () -> new Launcher(distribution, config, settings, data, caches),
            new NodeClient(http, config));
    Deadline deadline = Deadline.in(PATIENCE);
    List<NodeProcess> started = cluster.launch(config.nodes(), null, deadline);
    try {
      var _ = cluster.awaitReady(config.nodes(), started, deadline);
      exercise(
          new StoreClient(http, List.of(config.url(config.nodes(Role.FRONTEND).getFirst())), 0),
          deadline);
      status(distribution, caches, settings, data, config);
    } finally {
      // Each process writes its cache on the way out, which takes longer than its work did.
      Cluster.Stopped stopped = cluster.stopAll(deadline);
      if (!stopped.stillRunning().isEmpty()) {
        started.forEach(node -> node.process().destroyForcibly());
      }
    }
    for (Node node : config.nodes()) {
      caches.adopt(Launcher.word(node.role()));
    }
    caches.adopt(CLI);
  }

  private static void exercise(StoreClient store, Deadline deadline) throws InterruptedException {
    for (int i = 0; i < PURCHASES; i++) {
      String name = store.products(deadline.left()).get(i % 10).name();
      var _ = store.buy(name, 1, UUID.randomUUID().toString(), deadline, () -> true);
      var _ = store.product(name, deadline.left());
      var _ = store.order(i, deadline.left());
    }
  }

  /** One run of the command line itself. */
  private static void status(
      Distribution distribution, AotCaches caches, Path settings, Path data, StoreConfig config)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(caches.options(CLI));
    command.addAll(List.of("-D" + Distribution.HOME + "=" + distribution.home()));
    command.addAll(List.of("-cp", distribution.classPath(), Main.class.getName()));
    command.addAll(List.of("--config", settings.toString(), "--data", data.toString()));
    command.addAll(List.of("--port-base", Integer.toString(config.portBase()), "status"));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(new File("/dev/null")))
            .start();
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }

  /** The settings on ports that are free now, below those that systems give to outgoing calls. */
  private static StoreConfig onFreePorts(StoreConfig config) {
    while (true) {
      int base = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      StoreConfig moved = config.withPortBase(base);
      if (Ports.taken(moved, moved.nodes()).isEmpty()) {
        return moved;
      }
    }
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
