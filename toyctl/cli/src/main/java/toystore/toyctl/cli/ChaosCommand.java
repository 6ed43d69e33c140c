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
import toystore.toyctl.chaos.store.StoreExperiment;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.chaos.store.ThrowawayStorePlan;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.DurationConverter;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl chaos} */
@Command(
    name = "chaos",
    description =
        "Injects all faults that this machine supports into a throwaway store under load, and"
            + " checks every promise.")
final class ChaosCommand implements Callable<Integer> {
  private final CommandContext context;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "Length of the run, such as 30s, 10m, 1h (default: 10m).")
  private Duration duration = Duration.ofMinutes(10);

  @Option(
      names = "--only",
      paramLabel = "KIND",
      split = ",",
      description =
          "Inject only faults whose names contain these words, such as 'front end,kill catalog'.")
  private List<String> only = List.of();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the faults, to repeat a run (default: random).")
  private long seed = new Random().nextInt(1_000_000_000);

  @Option(names = "--clients", paramLabel = "N", description = "Number of clients (default: 6).")
  private int clients = 6;

  @Option(
      names = "--frontends",
      paramLabel = "N",
      description = "Number of front ends (default: 2).")
  private int frontEnds = 2;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write the report as an HTML page to this file, and as JSON beside it.")
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
          ExitCode.USAGE, "--only", "contains an empty name", "toyctl chaos --only 'front end'");
    }
    if (duration.isZero()) {
      throw new ToyctlException(
          ExitCode.USAGE, "--duration", "must be longer than 0", "toyctl chaos --help");
    }
    ThrowawayStorePlan plan =
        ThrowawayStorePlan.minimal(seed)
            .withConfigFile(context.configFile())
            .withFrontEnds(frontEnds)
            .withCatalog(ChaosRun.catalog())
            .withAllFaults();
    context.output().progress("starting a throwaway store; seed " + seed);
    boolean holds = StoreExperiment.run(plan, context.distribution(), this::holds);
    return holds ? ExitCode.OK : ExitCode.VERIFICATION_FAILED;
  }

  private boolean holds(ThrowawayStore store) throws IOException, InterruptedException {
    return FaultReportPrinter.print(
        context,
        "chaos",
        ChaosRun.run(store, duration, only, clients, seed, context.output()::progress),
        report);
  }
}
