package toystore.toyctl.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.SecondsConverter;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.process.NodeStarter;

/** {@code toyctl start NODE…} */
@Command(
    name = "start",
    description =
        "Starts nodes and waits until they are ready and have caught up with their groups.")
final class StartCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(arity = "1..*", paramLabel = "NODE", description = "Name of a node, such as order-3.")
  private List<String> nodes = List.of();

  @Option(
      names = "--wait-timeout",
      paramLabel = "SECONDS",
      converter = SecondsConverter.class,
      description = "Time limit until the nodes are ready (default: 60).")
  private Duration waitTimeout = Duration.ofSeconds(60);

  StartCommand(CommandContext context) {
    this.context = context;
  }

  /** The JSON output. */
  record Nodes(List<NodeStarter.ReadyNode> nodes) {
    Nodes {
      nodes = List.copyOf(nodes);
    }

    String text() {
      return nodes.stream().map(NodeStarter.ReadyNode::text).collect(Collectors.joining("\n"));
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.startConfig();
    List<Node> wanted = context.localNodes(config, nodes);
    try (ApiHttpClient http = new ApiHttpClient()) {
      NodeStarter starter = new NodeStarter(context.cluster(config, http));
      Nodes started = new Nodes(starter.start(wanted, Deadline.in(waitTimeout)));
      context.output().outcome(started, started::text);
    }
    return ExitCode.OK;
  }
}
