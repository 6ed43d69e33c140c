package toystore.toyctl.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.process.NodeStarter;

/** {@code toyctl start NODE…} */
@Command(
    name = "start",
    description = "Starts nodes; returns when they serve and have caught up with the others.")
final class StartCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(arity = "1..*", paramLabel = "NODE", description = "Such as order-3.")
  private List<String> nodes = List.of();

  @Option(
      names = "--wait-timeout",
      paramLabel = "S",
      converter = GlobalOptions.Seconds.class,
      description = "How long to wait until they are ready (default: 60).")
  private Duration waitTimeout = Duration.ofSeconds(60);

  StartCommand(CommandContext context) {
    this.context = context;
  }

  /** What is printed with -o json. */
  record Nodes(List<NodeStarter.Serving> nodes) {
    Nodes {
      nodes = List.copyOf(nodes);
    }

    String text() {
      return nodes.stream().map(NodeStarter.Serving::text).collect(Collectors.joining("\n"));
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.startConfig();
    List<Node> wanted = context.localNodes(config, nodes);
    try (HttpApi http = new HttpApi()) {
      NodeStarter starter = new NodeStarter(context.cluster(config, http));
      Nodes started = new Nodes(starter.start(wanted, CommandDeadline.in(waitTimeout)));
      context.outcome(started, started::text);
    }
    return ExitCode.OK;
  }
}
