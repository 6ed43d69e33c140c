package toystore.toyctl.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.NodeStarter;

/** {@code toyctl restart NODE…} */
@Command(
    name = "restart",
    description = "Restarts nodes one after the other, so that the store stays available.")
final class RestartCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(arity = "1..*", paramLabel = "NODE", description = "Name of a node, such as order-3.")
  private List<String> nodes = List.of();

  @Option(
      names = "--wait-timeout",
      paramLabel = "SECONDS",
      converter = SecondsConverter.class,
      description = "Time limit until each node is ready (default: 60).")
  private Duration waitTimeout = Duration.ofSeconds(60);

  RestartCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = context.startConfig();
    List<Node> wanted = context.localNodes(config, nodes);
    try (ApiHttpClient http = new ApiHttpClient()) {
      Cluster cluster = context.cluster(config, http);
      NodeStarter starter = new NodeStarter(cluster);
      List<NodeStarter.ReadyNode> ready = new ArrayList<>();
      for (Node node : wanted) {
        cluster
            .stop(List.of(node.name()), false, Deadline.in(context.timeout()))
            .requireGone(false);
        ready.addAll(starter.start(List.of(node), Deadline.in(waitTimeout)));
      }
      StartCommand.Nodes started = new StartCommand.Nodes(ready);
      context.output().outcome(started, started::text);
    }
    return ExitCode.OK;
  }
}
