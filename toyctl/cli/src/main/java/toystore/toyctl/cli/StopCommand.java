package toystore.toyctl.cli;

import java.io.IOException;
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

/** {@code toyctl stop NODE…} */
@Command(name = "stop", description = "Stops nodes; the others go on.")
public final class StopCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(arity = "1..*", paramLabel = "NODE", description = "Such as order-3.")
  private List<String> nodes = List.of();

  @Option(names = "--kill", description = "At once, as a crash would (SIGKILL).")
  private boolean kill;

  StopCommand(CommandContext context) {
    this.context = context;
  }

  /** What is printed with -o json. */
  record StoppedNodes(List<String> stopped, List<String> wereNotRunning) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = context.ownConfig();
    List<String> names = context.localNodes(config, nodes).stream().map(Node::name).toList();
    try (HttpApi http = new HttpApi()) {
      Cluster.Stopped stopped =
          context.cluster(config, http).stop(names, kill, CommandDeadline.in(context.timeout()));
      stopped.requireGone(kill);
      StoppedNodes all =
          new StoppedNodes(
              stopped.stopped(),
              names.stream().filter(name -> !stopped.stopped().contains(name)).toList());
      context.outcome(all, () -> text(all));
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
