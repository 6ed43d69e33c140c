package toystore.toyctl;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.api.StoreConfig;
import toystore.api.StoreConfig.Node;

/** {@code toyctl restart NODE…} */
@Command(
    name = "restart",
    description = "Stops and starts nodes, one after the other, so that the store stays open.")
final class RestartCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(arity = "1..*", paramLabel = "NODE", description = "Such as order-3.")
  private List<String> nodes = List.of();

  @Option(
      names = "--wait-timeout",
      paramLabel = "S",
      converter = Options.Seconds.class,
      description = "How long to wait until each is ready (default: 60).")
  private Duration waitTimeout = Duration.ofSeconds(60);

  RestartCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = context.startConfig();
    List<Node> wanted = context.localNodes(config, nodes);
    try (Http http = new Http()) {
      Cluster cluster = context.cluster(config, http);
      NodeStarter starter = new NodeStarter(cluster);
      List<NodeStarter.Serving> serving = new ArrayList<>();
      for (Node node : wanted) {
        StopCommand.requireGone(
            cluster.stop(List.of(node.name()), false, Deadline.in(context.timeout())), false);
        serving.addAll(starter.start(List.of(node), Deadline.in(waitTimeout)));
      }
      StartCommand.Nodes started = new StartCommand.Nodes(serving);
      context.outcome(started, started::text);
    }
    return ExitCode.OK;
  }
}
