package toystore.toyctl.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.NodeStarter;

/** {@code toyctl restart NODE…} */
@Command(
    name = "restart",
    description = "Stops and starts nodes, one after the other, so that the store stays open.")
final class RestartCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(arity = "1..*", paramLabel = "NODE", description = "Such as order-3.")
  private List<String> nodes = List.of();

  @Option(
      names = "--wait-timeout",
      paramLabel = "S",
      converter = GlobalOptions.Seconds.class,
      description = "How long to wait until each is ready (default: 60).")
  private Duration waitTimeout = Duration.ofSeconds(60);

  RestartCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = context.startConfig();
    List<Node> wanted = context.localNodes(config, nodes);
    try (HttpApi http = new HttpApi()) {
      Cluster cluster = context.cluster(config, http);
      NodeStarter starter = new NodeStarter(cluster);
      List<NodeStarter.Serving> serving = new ArrayList<>();
      for (Node node : wanted) {
        cluster
            .stop(List.of(node.name()), false, CommandDeadline.in(context.timeout()))
            .requireGone(false);
        serving.addAll(starter.start(List.of(node), CommandDeadline.in(waitTimeout)));
      }
      StartCommand.Nodes started = new StartCommand.Nodes(serving);
      context.outcome(started, started::text);
    }
    return ExitCode.OK;
  }
}
