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
import toystore.config.StoreConfig.Node;
import toystore.toyctl.chaos.CrashDemo;
import toystore.toyctl.chaos.ThrowawayStore;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl demo …} */
@Command(
    name = "demo",
    description = "Shows on a throwaway store what the store promises.",
    synopsisSubcommandLabel = "crash")
final class DemoCommand {
  /** {@code toyctl demo crash} */
  @Command(
      name = "crash",
      description =
          "Kills a node under load, again and again, and shows what clients saw and what is left.")
  static final class CrashCommand implements Callable<Integer> {
    private static final int MOST_TIMES = 100_000;
    private static final int MOST_CLIENTS = 1_000;

    private final CommandContext context;

    @Option(
        names = "--target",
        paramLabel = "leader|NODE",
        description = "Which node is killed (default: leader).")
    private String target = CrashDemo.LEADER;

    @Option(names = "--times", paramLabel = "N", description = "How often (default: 3).")
    private int times = 3;

    @Option(names = "--clients", paramLabel = "N", description = "How many (default: 8).")
    private int clients = 8;

    @Option(names = "--seed", paramLabel = "N", description = "For the same choices again.")
    private long seed = new Random().nextInt(1_000_000_000);

    @Option(
        names = "--report",
        paramLabel = "FILE",
        description = "A page for a browser; the same as JSON is put beside it.")
    private @Nullable Path report;

    CrashCommand(CommandContext context) {
      this.context = context;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
      check();
      ThrowawayStore.Plan plan = ThrowawayStore.Plan.plain(seed).with(context.configFile());
      context.progress("starting a throwaway store; seed " + seed);
      boolean holds = ThrowawayStore.examine(plan, context.distribution(), this::holds);
      return holds ? ExitCode.OK : ExitCode.VERIFICATION_FAILED;
    }

    private boolean holds(ThrowawayStore store) throws IOException, InterruptedException {
      return FaultReportPrinter.print(
          context,
          "demo",
          CrashDemo.run(store, target, times, clients, seed, context::progress),
          report);
    }

    private void check() {
      if (times < 1 || times > MOST_TIMES) {
        throw usage("--times", "must be from 1 to " + MOST_TIMES);
      }
      if (clients < 1 || clients > MOST_CLIENTS) {
        throw usage("--clients", "must be from 1 to " + MOST_CLIENTS);
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
