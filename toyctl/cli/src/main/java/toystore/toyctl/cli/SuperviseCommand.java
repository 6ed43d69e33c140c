package toystore.toyctl.cli;

import java.nio.file.Path;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.client.ApiHttpClient;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.datadir.RunFiles;
import toystore.toyctl.cluster.process.NodePorts;
import toystore.toyctl.cluster.process.Supervisor;

/** {@code toyctl supervise}: the process that {@code toyctl up --supervise} starts. */
@Command(
    name = "supervise",
    hidden = true,
    description = "Restarts nodes of this host that ended although no user stopped them.")
final class SuperviseCommand implements Callable<Integer> {
  private final CommandContext context;

  @Option(
      names = "--catalog",
      paramLabel = "FILE",
      description = "File with the products of a new store (default: config/catalog.csv).")
  private @Nullable Path catalog;

  SuperviseCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.ownConfig();
    List<Node> local = config.nodes().stream().filter(NodePorts::isLocal).toList();
    try (ApiHttpClient http = new ApiHttpClient()) {
      new Supervisor(
              local,
              new RunFiles(context.dataDirectory()),
              context.cluster(config, http),
              catalog,
              line ->
                  context
                      .output()
                      .say(
                          LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.MILLIS)
                              + " "
                              + line))
          .run(ProcessHandle.current().pid());
    }
    return ExitCode.OK;
  }
}
