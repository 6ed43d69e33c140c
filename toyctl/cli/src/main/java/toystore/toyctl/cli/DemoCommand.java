package toystore.toyctl.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.toyctl.chaos.CrashDemo;
import toystore.toyctl.chaos.store.StoreExperiment;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.chaos.store.ThrowawayStorePlan;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl demo …} */
@Command(
    name = "demo",
    description = "Demonstrates the promises of the store on a throwaway store.",
    synopsisSubcommandLabel = "crash")
final class DemoCommand {
  /** {@code toyctl demo crash} */
  @Command(
      name = "crash",
      description =
          "Kills a node repeatedly under load, and reports what the clients observed and whether"
              + " all promises held.")
  static final class CrashCommand implements Callable<Integer> {
    private static final int MAX_TIMES = 100_000;
    private static final int MAX_CLIENTS = 1_000;

    private final CommandContext context;

    @Option(
        names = "--target",
        paramLabel = "leader|NODE",
        description = "The node to kill (default: leader).")
    private String target = CrashDemo.LEADER;

    @Option(names = "--times", paramLabel = "N", description = "Number of kills (default: 3).")
    private int times = 3;

    @Option(names = "--clients", paramLabel = "N", description = "Number of clients (default: 8).")
    private int clients = 8;

    @Option(
        names = "--seed",
        paramLabel = "N",
        description = "Seed of the random choices, to repeat a run (default: random).")
    private long seed = new Random().nextInt(1_000_000_000);

    @Option(
        names = "--report",
        paramLabel = "FILE",
        description = "Write the report as an HTML page to this file, and as JSON beside it.")
    private @Nullable Path report;

    CrashCommand(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      check();
      ThrowawayStorePlan plan =
          ThrowawayStorePlan.minimal(seed).withConfigFile(context.configFile());
      context.output().progress("starting a throwaway store; seed " + seed);
      boolean holds = StoreExperiment.run(plan, context.distribution(), this::holds);
      return holds ? ExitCode.OK : ExitCode.VERIFICATION_FAILED;
    }

    private boolean holds(ThrowawayStore store) throws IOException, InterruptedException {
      return FaultReportPrinter.print(
          context,
          "demo",
          CrashDemo.run(store, target, times, clients, seed, context.output()::progress),
          report);
    }

    private void check() {
      if (times < 1 || times > MAX_TIMES) {
        throw usage("--times", "must be from 1 to " + MAX_TIMES);
      }
      if (clients < 1 || clients > MAX_CLIENTS) {
        throw usage("--clients", "must be from 1 to " + MAX_CLIENTS);
      }
      List<String> nodes =
          StoreConfig.load(context.configFile()).nodes().stream().map(Node::name).toList();
      if (!target.equals(CrashDemo.LEADER) && !nodes.contains(target)) {
        throw usage("--target", "must be leader or one of " + String.join(", ", nodes));
      }
    }

    private static ToyctlException usage(String what, String why) {
      return new ToyctlException(ExitCode.USAGE, what, why, "toyctl demo crash --help");
    }
  }
}
