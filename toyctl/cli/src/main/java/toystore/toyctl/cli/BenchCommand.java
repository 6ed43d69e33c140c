package toystore.toyctl.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.config.StoreConfig;
import toystore.toyctl.chaos.load.BenchReport;
import toystore.toyctl.chaos.load.BenchRequest;
import toystore.toyctl.chaos.load.BenchRun;
import toystore.toyctl.chaos.store.ThrowawayStore;
import toystore.toyctl.chaos.store.ThrowawayStorePlan;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.DurationConverter;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl bench} */
@Command(
    name = "bench",
    description = {
      "Measures the throughput and the latency of the store.",
      "Without --rate each client sends its next request as soon as it has the answer. With --rate"
          + " requests are due at fixed times, even if the store is slower, and latency is measured"
          + " from the time when a request is due."
    })
final class BenchCommand implements Callable<Integer> {
  private static final int MAX_CLIENTS = 10_000;
  private static final Duration MAX_DURATION = Duration.ofDays(1);

  private final CommandContext context;

  @Option(
      names = "--what",
      paramLabel = "purchase|read",
      description = "The kind of request: a purchase or a product query (default: purchase).")
  private BenchRequest what = BenchRequest.PURCHASE;

  @Option(
      names = "--clients",
      paramLabel = "N",
      description = "Number of connections (default: 16).")
  private int clients = 16;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description =
          "Requests per second of all clients together (default: as many as the store answers).")
  private @Nullable Double rate;

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "Load before the measurement (default: 20s).")
  private Duration warmUp = Duration.ofSeconds(20);

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "Length of the measurement, such as 10s, 5m (default: 20s).")
  private Duration duration = Duration.ofSeconds(20);

  @Option(
      names = "--running",
      description = {
        "Measure the running store. This sells its stock, and purchases of products that are out"
            + " of stock are refused.",
        "By default the command starts a throwaway store with practically unlimited stock."
      })
  private boolean running;

  BenchCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    BenchReport report = running ? measureRunningStore() : measureThrowawayStore();
    context.output().data(report, report::text);
    if (report.failed() > 0) {
      context.output().warn("bench: " + report.failed() + " requests failed: " + report.answers());
    }
    return report.failed() > 0 ? ExitCode.FAILED : ExitCode.OK;
  }

  private void check() {
    if (clients < 1 || clients > MAX_CLIENTS) {
      throw usage("--clients", "must be from 1 to " + MAX_CLIENTS);
    }
    if (rate != null && !(rate >= 0.1 && rate <= 1_000_000)) {
      throw usage("--rate", "must be from 0.1 to 1000000");
    }
    if (duration.compareTo(Duration.ofSeconds(1)) < 0 || duration.compareTo(MAX_DURATION) > 0) {
      throw usage("--duration", "must be from 1s to 24h");
    }
    if (warmUp.compareTo(MAX_DURATION) > 0) {
      throw usage("--warm-up", "must be at most 24h");
    }
  }

  private static ToyctlException usage(String what, String why) {
    return new ToyctlException(ExitCode.USAGE, what, why, "toyctl bench --help");
  }

  private BenchReport measureRunningStore() throws InterruptedException {
    StoreConfig config = context.config();
    List<String> names = context.productNames(config);
    if (names.isEmpty()) {
      throw new ToyctlException(
          ExitCode.FAILED, "bench", "the store has no products", "toyctl product list");
    }
    return measure(CommandContext.frontEndUrls(config), names);
  }

  private BenchReport measureThrowawayStore() throws IOException, InterruptedException {
    context.output().progress("starting a throwaway store");
    List<String> names =
        List.of(
            "Tux",
            "Whale",
            "Fox",
            "Python",
            "Barbie",
            "Lego",
            "Monopoly",
            "Frisbee",
            "Marbles",
            "Giraffe");
    ThrowawayStorePlan plan =
        ThrowawayStorePlan.minimal(0)
            .withConfigFile(context.configFile())
            .withCatalog(ThrowawayStorePlan.unlimitedStock(names.toArray(String[]::new)));
    try (ThrowawayStore store = ThrowawayStore.start(plan, context.distribution())) {
      return measure(store.frontEnds(), names);
    }
  }

  private BenchReport measure(List<String> frontEnds, List<String> names)
      throws InterruptedException {
    BenchRun bench = new BenchRun(frontEnds, names, what, clients, rate, context.timeout());
    if (warmUp.isPositive()) {
      context.output().progress("warming up for " + warmUp.toMillis() / 1000.0 + " s");
      var _ = bench.run(warmUp);
    }
    context.output().progress("measuring for " + duration.toMillis() / 1000.0 + " s");
    return bench.run(duration);
  }
}
