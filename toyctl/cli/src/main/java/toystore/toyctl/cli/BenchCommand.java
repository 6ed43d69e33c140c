package toystore.toyctl.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.config.StoreConfig;
import toystore.protocol.api.Product;
import toystore.toyctl.chaos.ThrowawayStore;
import toystore.toyctl.chaos.load.BenchReport;
import toystore.toyctl.chaos.load.BenchRun;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl bench} */
@Command(
    name = "bench",
    description = {
      "Measures how many requests the store answers, and how fast.",
      "Without --rate each client asks again as soon as it is answered. With --rate requests are"
          + " due at fixed times, whether the store keeps up or not, and latency counts from then."
    })
final class BenchCommand implements Callable<Integer> {
  private static final int MOST_CLIENTS = 10_000;
  private static final Duration LONGEST = Duration.ofDays(1);

  private final CommandContext context;

  @Option(
      names = "--what",
      paramLabel = "purchase|read",
      description = "Which request: a purchase, or a product query (default: purchase).")
  private BenchRun.What what = BenchRun.What.PURCHASE;

  @Option(names = "--clients", paramLabel = "N", description = "Connections (default: 16).")
  private int clients = 16;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Requests a second of all clients together; absent: as many as there can be.")
  private @Nullable Double rate;

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      converter = LoadCommand.Time.class,
      description = "Not measured, before the measured time (default: 20s).")
  private Duration warmUp = Duration.ofSeconds(20);

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = LoadCommand.Time.class,
      description = "Such as 10s, 5m (default: 20s).")
  private Duration duration = Duration.ofSeconds(20);

  @Option(
      names = "--running",
      description = {
        "Measures the store that runs: its stock is sold, and what is out of stock is refused.",
        "Without this a throwaway store is started, with more in stock than anyone can buy."
      })
  private boolean running;

  BenchCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    BenchReport report = running ? ofRunning() : ofThrowaway();
    context.data(report, report::text);
    if (report.failed() > 0) {
      context.warn("bench: " + report.failed() + " requests failed: " + report.answers());
    }
    return report.failed() > 0 ? ExitCode.FAILED : ExitCode.OK;
  }

  private void check() {
    if (clients < 1 || clients > MOST_CLIENTS) {
      throw usage("--clients", "must be from 1 to " + MOST_CLIENTS);
    }
    if (rate != null && !(rate >= 0.1 && rate <= 1_000_000)) {
      throw usage("--rate", "must be from 0.1 to 1000000");
    }
    if (duration.compareTo(Duration.ofSeconds(1)) < 0 || duration.compareTo(LONGEST) > 0) {
      throw usage("--duration", "must be from 1s to 24h");
    }
    if (warmUp.compareTo(LONGEST) > 0) {
      throw usage("--warm-up", "must be at most 24h");
    }
  }

  private static ToyctlException usage(String what, String why) {
    return new ToyctlException(ExitCode.USAGE, what, why, "toyctl bench --help");
  }

  private BenchReport ofRunning() throws InterruptedException {
    StoreConfig config = context.config();
    List<String> names;
    try (HttpApi http = new HttpApi()) {
      names =
          context.store(config, http).products(context.timeout()).stream()
              .map(Product::name)
              .toList();
    }
    if (names.isEmpty()) {
      throw new ToyctlException(
          ExitCode.FAILED, "bench", "the store has no products", "toyctl product list");
    }
    return measure(CommandContext.frontEnds(config).stream().map(config::url).toList(), names);
  }

  private BenchReport ofThrowaway() throws IOException, InterruptedException {
    context.progress("starting a throwaway store");
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
    ThrowawayStore.Plan plan =
        ThrowawayStore.Plan.plain(0)
            .with(context.configFile())
            .withCatalog(ThrowawayStore.Plan.plenty(names.toArray(String[]::new)));
    try (ThrowawayStore store = ThrowawayStore.up(plan, context.distribution())) {
      return measure(store.frontEnds(), names);
    }
  }

  private BenchReport measure(List<String> frontEnds, List<String> names)
      throws InterruptedException {
    BenchRun bench = new BenchRun(frontEnds, names, what, clients, rate, context.timeout());
    if (warmUp.isPositive()) {
      context.progress("warming up for " + warmUp.toMillis() / 1000.0 + " s");
      var _ = bench.run(warmUp);
    }
    context.progress("measuring for " + duration.toMillis() / 1000.0 + " s");
    return bench.run(duration);
  }
}
