package toystore.toyctl;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.api.Role;
import toystore.api.StoreConfig;
import toystore.api.StoreConfig.Node;

/** {@code toyctl heal NODE} */
@Command(
    name = "heal",
    description = {
      "Brings a node back whose Raft log is damaged or gone, as a fresh member of its group.",
      "What is damaged is set aside as *.quarantine-TIME. All other members of the group have to"
          + " run, since they alone know what the node may have promised."
    })
final class HealCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(paramLabel = "NODE", description = "Such as order-3.")
  private String node = "";

  @Option(
      names = "--wait-timeout",
      paramLabel = "S",
      converter = Options.Seconds.class,
      description = "How long to wait until it is ready (default: 120).")
  private Duration waitTimeout = Duration.ofMinutes(2);

  HealCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    StoreConfig config = context.ownConfig();
    Node wanted = context.localNodes(config, List.of(node)).getFirst();
    if (wanted.role() == Role.FRONTEND) {
      throw new CliException(
          ExitCode.USAGE, node, "a front end stores nothing that could be damaged", "toyctl up");
    }
    try (Http http = new Http()) {
      NodeStarter starter = new NodeStarter(context.cluster(config, http));
      NodeStarter.Serving healed = starter.heal(wanted, Deadline.in(waitTimeout));
      context.outcome(new StartCommand.Nodes(List.of(healed)), healed::text);
    }
    return ExitCode.OK;
  }
}
