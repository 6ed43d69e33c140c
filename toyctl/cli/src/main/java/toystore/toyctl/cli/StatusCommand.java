package toystore.toyctl.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import toystore.client.ApiHttpClient;
import toystore.config.StoreConfig;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.nodes.NodeClient;
import toystore.toyctl.cluster.status.StatusReader;
import toystore.toyctl.cluster.status.StatusReport;

/** {@code toyctl status} */
@Command(
    name = "status",
    description = "Shows the state of every node. The exit code tells the state of the store.")
final class StatusCommand implements Callable<Integer> {
  private final CommandContext context;

  StatusCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.ownConfig();
    try (ApiHttpClient http = new ApiHttpClient()) {
      StatusReport report =
          new StatusReader(config, context.dataDirectory(), new NodeClient(http, config)).read();
      context
          .output()
          .data(
              report,
              () ->
                  report.table().render()
                      + "\n\n"
                      + report.health()
                      + (report.leader() == null
                          ? ""
                          : "; " + report.leader() + " leads in term " + report.term())
                      + (report.catalogLeader() == null
                          ? ""
                          : "; " + report.catalogLeader() + " leads the catalog")
                      + (report.supervisor() == null
                          ? ""
                          : "; supervised, pid " + report.supervisor())
                      + report.crashReasons());
      return report.health().exitCode();
    }
  }
}
