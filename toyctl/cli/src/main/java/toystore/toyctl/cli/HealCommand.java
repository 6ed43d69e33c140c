package toystore.toyctl.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.process.NodeStarter;

/** {@code toyctl heal NODE} */
@Command(
    name = "heal",
    description = {
      "Brings a node back whose Raft log is damaged or gone, as a fresh member of its group.",
      "What is damaged is set aside as *.quarantine-TIME. All other members of the group have to"
          + " run, since they alone know what the node may have promised."
    })
final class HealCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(paramLabel = "NODE", description = "Such as order-3.")
  private String node = "";

  @Option(
      names = "--wait-timeout",
      paramLabel = "S",
      converter = GlobalOptions.Seconds.class,
      description = "How long to wait until it is ready (default: 120).")
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
          ExitCode.USAGE, node, "a front end stores nothing that could be damaged", "toyctl up");
    }
    try (HttpApi http = new HttpApi()) {
      NodeStarter starter = new NodeStarter(context.cluster(config, http));
      NodeStarter.Serving healed = starter.heal(wanted, CommandDeadline.in(waitTimeout));
      context.outcome(new StartCommand.Nodes(List.of(healed)), healed::text);
    }
    return ExitCode.OK;
  }
}
