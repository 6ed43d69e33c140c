package toystore.toyctl.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.config.StoreConfig;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.process.Cluster;
import toystore.toyctl.cluster.process.DataWipe;

/** {@code toyctl down} */
@Command(name = "down", description = "Stops everything that runs here.")
final class DownCommand implements Callable<Integer> {
  private final CommandContext context;

  @Option(
      names = "--wipe",
      description = "Also delete what the store keeps in the data directory, for ever.")
  private boolean wipe;

  DownCommand(CommandContext context) {
    this.context = context;
  }

  /** What is printed with -o json. */
  record Down(List<String> stopped, boolean wiped) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    StoreConfig config = context.ownConfig();
    try (HttpApi http = new HttpApi()) {
      Cluster cluster = context.cluster(config, http);
      Cluster.Stopped stopped = cluster.stopAll(CommandDeadline.in(context.timeout()));
      stopped.requireGone(false);
      if (wipe) {
        wipe(cluster, config);
      }
      context.outcome(
          new Down(stopped.stopped(), wipe),
          () ->
              (stopped.stopped().isEmpty()
                      ? "nothing was running"
                      : "stopped " + String.join(", ", stopped.stopped()))
                  + (wipe ? "; deleted the store's data in " + context.data() : ""));
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
              + " still answers at its address, but was not started from "
              + context.data(),
          "toyctl status");
    }
    DataWipe.contents(context.data(), config);
  }
}
