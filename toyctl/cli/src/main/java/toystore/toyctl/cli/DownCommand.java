package toystore.toyctl.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.DataWipe;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.StopResult;

/** {@code toyctl down} */
@Command(name = "down", description = "Stops all nodes on this host, and the supervisor.")
final class DownCommand implements Callable<Integer> {
  private final CommandContext context;

  @Option(
      names = "--wipe",
      description =
          "Also delete the data of the store in the data directory. This cannot be undone.")
  private boolean wipe;

  DownCommand(CommandContext context) {
    this.context = context;
  }

  /** The JSON output. */
  record Down(List<String> stopped, boolean wiped) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = context.ownConfig();
    try (ApiHttpClient http = new ApiHttpClient()) {
      Cluster cluster = context.cluster(config, http);
      StopResult stopped = cluster.stopAll(Deadline.in(context.timeout()));
      stopped.requireGone(false);
      if (wipe) {
        wipe(cluster, config);
      }
      context
          .output()
          .outcome(
              new Down(stopped.stopped(), wipe),
              () ->
                  (stopped.stopped().isEmpty()
                          ? "nothing was running"
                          : "stopped " + String.join(", ", stopped.stopped()))
                      + (wipe ? "; deleted the store's data in " + context.dataDirectory() : ""));
    }
    return ExitCode.OK;
  }

  private void wipe(Cluster cluster, StoreConfig config) throws IOException, InterruptedException {
    List<String> running = cluster.running();
    if (!running.isEmpty()) {
      throw new ToyctlException(
          ExitCode.IN_USE,
          "nothing was deleted",
          String.join(", ", running)
              + " still answers, but was not started from "
              + context.dataDirectory(),
          "toyctl status");
    }
    DataWipe.contents(context.dataDirectory(), config);
  }
}
