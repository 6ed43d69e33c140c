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
import toystore.config.ConfigException;
import toystore.config.ProductCsv;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.NodeStatus;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.Wordings;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.NodeProcess;

/** {@code toyctl up} */
@Command(
    name = "up",
    description = "Starts what does not run; returns when a purchase can be made.")
final class UpCommand implements Callable<Integer> {
  private final CommandContext context;

  @Option(
      names = "--catalog",
      paramLabel = "FILE",
      description = "The products of a new store (default: config/catalog.csv).")
  private @Nullable Path catalog;

  @Option(
      names = "--frontends",
      paramLabel = "N",
      description = "How many front ends; the store remembers it (default: as many as it has).")
  private @Nullable Integer frontends;

  @Option(
      names = "--wait-timeout",
      paramLabel = "S",
      converter = GlobalOptions.Seconds.class,
      description = "How long to wait until the store is ready (default: 60).")
  private Duration waitTimeout = Duration.ofSeconds(60);

  @Option(
      names = "--supervise",
      description = "Leave a process behind that starts nodes again which end by themselves.")
  private boolean supervise;

  UpCommand(CommandContext context) {
    this.context = context;
  }

  /** What is printed with -o json. */
  record Up(
      List<String> started,
      List<String> alreadyRunning,
      @Nullable String leader,
      String url,
      double seconds,
      @Nullable Long supervisor) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = withFrontEnds(context.startConfig());
    List<Node> local = config.nodes().stream().filter(NodePorts::isLocal).toList();
    try (HttpApi http = new HttpApi()) {
      Cluster cluster = context.cluster(config, http);
      checkCatalog(cluster);
      CommandDeadline deadline = CommandDeadline.in(waitTimeout);
      long begin = System.nanoTime();
      List<NodeProcess> started = cluster.launch(local, catalog, deadline);
      Map<Node, NodeStatus> ready = cluster.awaitReady(awaited(config, local), started, deadline);
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      // Last: what does not start at all is for this command to tell.
      Long supervisor = cluster.supervise(supervise, catalog, deadline).orElse(null);
      report(config, local, started, ready, took, supervisor);
    }
    return ExitCode.OK;
  }

  private StoreConfig withFrontEnds(StoreConfig config) {
    if (frontends == null) {
      return config;
    }
    List<Node> there = config.nodes(Role.FRONTEND);
    if (frontends < there.size()) {
      List<String> tooMany =
          there.stream().limit(there.size() - Math.max(frontends, 1)).map(Node::name).toList();
      throw new ToyctlException(
          ExitCode.USAGE,
          "--frontends",
          "the store has " + there.size() + " front ends; up only adds some",
          tooMany.isEmpty() ? "toyctl down" : "toyctl stop " + String.join(" ", tooMany));
    }
    try {
      return config.withFrontends(frontends);
    } catch (ConfigException e) {
      throw new ToyctlException(
          ExitCode.USAGE, "--frontends", Wordings.reason(e), "toyctl up --help", e);
    }
  }

  // A shipped catalog matters only to a store that is new; one that was asked for always.
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
          "broken catalog",
          Wordings.reason(e),
          "toyctl up --catalog OTHER_FILE",
          e);
    }
  }

  /** This host's nodes, and the front end wherever it is: it is ready when purchases are. */
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
    context.outcome(
        up,
        () ->
            (names.isEmpty()
                    ? "everything runs already"
                    // Not by a format, which would ask for the decimal signs of all countries.
                    : "started " + String.join(", ", names) + " in " + tenths(took) + " s")
                + (leader == null ? "" : "; " + leader + " leads")
                + "; the store is open at "
                + String.join(", ", urls(config))
                + (supervisor == null ? "" : "; supervised, pid " + supervisor));
  }

  private static String tenths(Duration time) {
    long tenths = (time.toMillis() + 50) / 100;
    return tenths / 10 + "." + tenths % 10;
  }

  private static List<String> urls(StoreConfig config) {
    return CommandContext.frontEnds(config).stream().map(config::url).toList();
  }
}
