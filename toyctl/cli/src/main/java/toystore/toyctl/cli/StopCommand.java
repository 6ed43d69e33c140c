package toystore.toyctl.cli;

import java.io.IOException;
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
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.process.StopResult;

/** {@code toyctl stop NODE…} */
@Command(name = "stop", description = "Stops nodes. The other nodes continue to run.")
final class StopCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(arity = "1..*", paramLabel = "NODE", description = "Name of a node, such as order-3.")
  private List<String> nodes = List.of();

  @Option(names = "--kill", description = "Kill the nodes immediately with SIGKILL, like a crash.")
  private boolean kill;

  StopCommand(CommandContext context) {
    this.context = context;
  }

  /** The JSON output. */
  record StoppedNodes(List<String> stopped, List<String> wereNotRunning) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = context.ownConfig();
    List<String> names = context.localNodes(config, nodes).stream().map(Node::name).toList();
    try (ApiHttpClient http = new ApiHttpClient()) {
      StopResult stopped =
          context.cluster(config, http).stop(names, kill, Deadline.in(context.timeout()));
      stopped.requireGone(kill);
      StoppedNodes all =
          new StoppedNodes(
              stopped.stopped(),
              names.stream().filter(name -> !stopped.stopped().contains(name)).toList());
      context.output().outcome(all, () -> text(all));
    }
    return ExitCode.OK;
  }

  private String text(StoppedNodes nodes) {
    String stopped =
        nodes.stopped.isEmpty()
            ? ""
            : (kill ? "killed " : "stopped ") + String.join(", ", nodes.stopped);
    String others =
        nodes.wereNotRunning.isEmpty()
            ? ""
            : "not running: " + String.join(", ", nodes.wereNotRunning);
    return stopped.isEmpty() || others.isEmpty() ? stopped + others : stopped + "; " + others;
  }
}
