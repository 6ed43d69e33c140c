package toystore.toyctl.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.ConfigException;
import toystore.config.ProductCsv;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.SecondsConverter;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.NodeProcess;

/** {@code toyctl up} */
@Command(
    name = "up",
    description =
        "Starts all nodes that are not running, and waits until the store accepts purchases.")
final class UpCommand implements Callable<Integer> {
  private final CommandContext context;

  @Option(
      names = "--catalog",
      paramLabel = "FILE",
      description = "File with the products of a new store (default: config/catalog.csv).")
  private @Nullable Path catalog;

  @Option(
      names = "--frontends",
      paramLabel = "N",
      description = "Number of front ends; the store remembers it (default: the present number).")
  private @Nullable Integer frontends;

  @Option(
      names = "--wait-timeout",
      paramLabel = "SECONDS",
      converter = SecondsConverter.class,
      description = "Time limit until the store is ready (default: 60).")
  private Duration waitTimeout = Duration.ofSeconds(60);

  @Option(
      names = "--supervise",
      description = "Start a supervisor: a background process that restarts nodes that crash.")
  private boolean supervise;

  UpCommand(CommandContext context) {
    this.context = context;
  }

  /** The JSON output. */
  record Up(
      List<String> started,
      List<String> alreadyRunning,
      @Nullable String leader,
      String url,
      double seconds,
      @Nullable Long supervisor) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = withRequestedFrontEnds(context.startConfig());
    List<Node> local = config.nodes().stream().filter(NodePorts::isLocal).toList();
    try (ApiHttpClient http = new ApiHttpClient()) {
      Cluster cluster = context.cluster(config, http);
      checkCatalog(cluster);
      Deadline deadline = Deadline.in(waitTimeout);
      long begin = System.nanoTime();
      List<NodeProcess> started = cluster.launch(local, catalog, deadline);
      Map<Node, NodeStatus> ready = cluster.awaitReady(awaited(config, local), started, deadline);
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      // The supervisor comes last, so that this command reports nodes that fail to start.
      Long supervisor = cluster.supervise(supervise, catalog, deadline).orElse(null);
      report(config, local, started, ready, took, supervisor);
    }
    return ExitCode.OK;
  }

  private StoreConfig withRequestedFrontEnds(StoreConfig config) {
    if (frontends == null) {
      return config;
    }
    List<Node> present = config.nodes(Role.FRONTEND);
    if (frontends < present.size()) {
      List<String> tooMany =
          present.stream().limit(present.size() - Math.max(frontends, 1)).map(Node::name).toList();
      throw new ToyctlException(
          ExitCode.USAGE,
          "--frontends",
          "the store has " + present.size() + " front ends; this command can only add more",
          tooMany.isEmpty() ? "toyctl down" : "toyctl stop " + String.join(" ", tooMany));
    }
    try {
      return config.withFrontends(frontends);
    } catch (ConfigException e) {
      throw new ToyctlException(
          ExitCode.USAGE, "--frontends", ErrorText.reason(e), "toyctl up --help", e);
    }
  }

  // The shipped catalog is read only for a new store. A given file is always checked.
  private void checkCatalog(Cluster cluster) {
    if (catalog != null) {
      check(catalog);
    } else if (!cluster.hasCatalog()) {
      Path shipped = context.distribution().shippedCatalog();
      if (Files.exists(shipped)) {
        check(shipped);
      }
    }
  }

  private static void check(Path file) {
    try {
      var _ = ProductCsv.read(file);
    } catch (ConfigException e) {
      throw new ToyctlException(
          ExitCode.USAGE,
          "invalid catalog",
          ErrorText.reason(e),
          "toyctl up --catalog OTHER_FILE",
          e);
    }
  }

  /** The local nodes and all front ends: a front end is ready when the store accepts purchases. */
  private static List<Node> awaited(StoreConfig config, List<Node> local) {
    Map<String, Node> nodes = new LinkedHashMap<>();
    config.nodes(Role.FRONTEND).forEach(node -> nodes.put(node.name(), node));
    local.forEach(node -> nodes.put(node.name(), node));
    return List.copyOf(nodes.values());
  }

  private void report(
      StoreConfig config,
      List<Node> local,
      List<NodeProcess> started,
      Map<Node, NodeStatus> ready,
      Duration took,
      @Nullable Long supervisor) {
    List<String> names = started.stream().map(process -> process.node().name()).toList();
    String leader =
        ready.entrySet().stream()
            .filter(entry -> entry.getKey().role() == Role.FRONTEND)
            .map(entry -> entry.getValue().leader())
            .filter(name -> name != null)
            .findFirst()
            .orElse(null);
    Up up =
        new Up(
            names,
            local.stream().map(Node::name).filter(name -> !names.contains(name)).toList(),
            leader,
            urls(config).getFirst(),
            took.toMillis() / 1e3,
            supervisor);
    context
        .output()
        .outcome(
            up,
            () ->
                (names.isEmpty()
                        ? "all nodes were already running"
                        // String.format would load locale data, which takes long.
                        : "started " + String.join(", ", names) + " in " + tenths(took) + " s")
                    + (leader == null ? "" : "; " + leader + " leads")
                    + "; the store is available at "
                    + String.join(", ", urls(config))
                    + (supervisor == null ? "" : "; supervised, pid " + supervisor));
  }

  private static String tenths(Duration time) {
    long tenths = (time.toMillis() + 50) / 100;
    return tenths / 10 + "." + tenths % 10;
  }

  private static List<String> urls(StoreConfig config) {
    return CommandContext.frontEndUrls(config);
  }
}
