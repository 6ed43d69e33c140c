package toystore.toyctl.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.toyctl.chaos.ChaosRun;
import toystore.toyctl.chaos.ThrowawayStore;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl chaos} */
@Command(
    name = "chaos",
    description =
        "Harms a throwaway store in all ways that this machine can, and checks every promise.")
final class ChaosCommand implements Callable<Integer> {
  private final CommandContext context;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = LoadCommand.Time.class,
      description = "Such as 30s, 10m, 1h (default: 10m).")
  private Duration duration = Duration.ofMinutes(10);

  @Option(
      names = "--only",
      paramLabel = "KIND",
      split = ",",
      description = "Only faults with such words in their names, such as 'front end,kill catalog'.")
  private List<String> only = List.of();

  @Option(names = "--seed", paramLabel = "N", description = "For the same faults again.")
  private long seed = new Random().nextInt(1_000_000_000);

  @Option(names = "--clients", paramLabel = "N", description = "How many (default: 6).")
  private int clients = 6;

  @Option(names = "--frontends", paramLabel = "N", description = "How many (default: 2).")
  private int frontEnds = 2;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "A page for a browser; the same as JSON is put beside it.")
  private @Nullable Path report;

  ChaosCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (clients < 1 || clients > 1000 || frontEnds < 1 || frontEnds > 9) {
      throw new ToyctlException(
          ExitCode.USAGE,
          "chaos",
          "--clients must be from 1 to 1000, --frontends from 1 to 9",
          "toyctl chaos --help");
    }
    if (only.stream().anyMatch(String::isBlank)) {
      throw new ToyctlException(
          ExitCode.USAGE, "--only", "names no kind of fault", "toyctl chaos --only 'front end'");
    }
    if (duration.isZero()) {
      throw new ToyctlException(
          ExitCode.USAGE, "--duration", "must be longer than nothing", "toyctl chaos --help");
    }
    ThrowawayStore.Plan plan =
        ThrowawayStore.Plan.plain(seed)
            .with(context.configFile())
            .withFrontEnds(frontEnds)
            .withCatalog(ChaosRun.catalog())
            .withAllFaults();
    context.progress("starting a throwaway store; seed " + seed);
    boolean holds = ThrowawayStore.examine(plan, context.distribution(), this::holds);
    return holds ? ExitCode.OK : ExitCode.VERIFICATION_FAILED;
  }

  private boolean holds(ThrowawayStore store) throws IOException, InterruptedException {
    return FaultReportPrinter.print(
        context,
        "chaos",
        ChaosRun.run(store, duration, only, clients, seed, context::progress),
        report);
  }
}
