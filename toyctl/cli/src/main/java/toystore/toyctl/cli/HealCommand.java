package toystore.toyctl.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.SecondsConverter;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.process.NodeStarter;

/** {@code toyctl heal NODE} */
@Command(
    name = "heal",
    description = {
      "Starts a node whose Raft log is damaged or lost, as a fresh member of its group.",
      "Damaged files are renamed to *.quarantine-TIME. All other members of the group must be"
          + " running, because only they know which votes and entries the node may have"
          + " acknowledged."
    })
final class HealCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(paramLabel = "NODE", description = "Name of a node, such as order-3.")
  private String node = "";

  @Option(
      names = "--wait-timeout",
      paramLabel = "SECONDS",
      converter = SecondsConverter.class,
      description = "Time limit until the node is ready (default: 120).")
  private Duration waitTimeout = Duration.ofMinutes(2);

  HealCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.ownConfig();
    Node wanted = context.localNodes(config, List.of(node)).getFirst();
    if (wanted.role() == Role.FRONTEND) {
      throw new ToyctlException(
          ExitCode.USAGE, node, "a front end stores no data that could be damaged", "toyctl up");
    }
    try (ApiHttpClient http = new ApiHttpClient()) {
      NodeStarter starter = new NodeStarter(context.cluster(config, http));
      NodeStarter.ReadyNode healed = starter.heal(wanted, Deadline.in(waitTimeout));
      context.output().outcome(new StartCommand.Nodes(List.of(healed)), healed::text);
    }
    return ExitCode.OK;
  }
}
