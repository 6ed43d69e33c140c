package toystore.toyctl.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.status.StatusReader;
import toystore.toyctl.cluster.status.StatusReport;

/** {@code toyctl status} */
@Command(
    name = "status",
    description = "What every node is doing, asked now; the exit code says how the store is.")
final class StatusCommand implements Callable<Integer> {
  private final CommandContext context;

  StatusCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.ownConfig();
    try (HttpApi http = new HttpApi()) {
      StatusReport report =
          new StatusReader(config, context.data(), new NodeClient(http, config)).read();
      context.data(
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
                  + (report.supervisor() == null ? "" : "; supervised, pid " + report.supervisor())
                  + report.reasons());
      return report.health().exitCode();
    }
  }
}
