package toystore.toyctl.cli;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.client.StoreClient;
import toystore.config.StoreConfig;
import toystore.toyctl.chaos.load.LoadClient;
import toystore.toyctl.chaos.load.LoadReport;
import toystore.toyctl.chaos.load.LoadStatistics;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.CommandOutput;
import toystore.toyctl.cli.context.DurationConverter;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl load} */
@Command(
    name = "load",
    description =
        "Runs clients that query and buy products, and then checks that the store has exactly the"
            + " orders that they placed.")
final class LoadCommand implements Callable<Integer> {
  private static final int MAX_CLIENTS = 10_000;
  private static final int MAX_ERRORS_SHOWN = 5;
  private static final Duration DEFAULT_DURATION = Duration.ofSeconds(30);

  private final CommandContext context;

  @Option(names = "--clients", paramLabel = "N", description = "Number of clients (default: 5).")
  private int clients = 5;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Total number of product queries, instead of --duration.")
  private @Nullable Long requests;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "How long the clients run, such as 500ms, 30s, 5m (default: 30s).")
  private @Nullable Duration duration;

  @Option(
      names = "--buy-probability",
      paramLabel = "P",
      description =
          "Probability that a client buys a product that it found in stock (default: 0.8).")
  private double buyProbability = 0.8;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the random choices, to repeat a run (default: random).")
  private long seed = new Random().nextInt(1_000_000_000);

  LoadCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    check();
    StoreConfig config = context.config();
    List<String> names = context.productNames(config);
    if (names.isEmpty()) {
      throw new ToyctlException(
          ExitCode.FAILED, "load", "the store has no products", "toyctl product list");
    }
    LoadStatistics statistics = new LoadStatistics();
    long begin = System.nanoTime();
    List<String> errors = run(CommandContext.frontEndUrls(config), names, statistics);
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    LoadReport report = statistics.report(clients, seed, took);
    CommandOutput output = context.output();
    output.data(report, report::text);
    if (!report.clean()) {
      errors.stream().limit(MAX_ERRORS_SHOWN).forEach(error -> output.warn("load: " + error));
      output.hint("toyctl verify");
    }
    return report.clean() ? ExitCode.OK : ExitCode.FAILED;
  }

  private void check() {
    if (clients < 1 || clients > MAX_CLIENTS) {
      throw usage("--clients", "must be from 1 to " + MAX_CLIENTS);
    }
    if (requests != null && duration != null) {
      throw usage("--requests", "cannot be given together with --duration");
    }
    if (requests != null && requests < 1) {
      throw usage("--requests", "must be at least 1");
    }
    if (!(buyProbability >= 0 && buyProbability <= 1)) {
      throw usage("--buy-probability", "must be from 0 to 1");
    }
  }

  private static ToyctlException usage(String what, String why) {
    return new ToyctlException(ExitCode.USAGE, what, why, "toyctl load --help");
  }

  /** Runs all clients and returns their errors, each different error once. */
  private List<String> run(List<String> frontEnds, List<String> names, LoadStatistics statistics)
      throws InterruptedException {
    BooleanSupplier mayContinue = limit();
    LoadProgress progress = new LoadProgress(statistics, context.output());
    progress.start();
    try {
      List<Integer> ids = IntStream.range(0, clients).boxed().toList();
      return ParallelTasks.forEach(
              ids,
              id -> {
                // Each client has connections of its own, like a separate process.
                try (ApiHttpClient http = new ApiHttpClient()) {
                  String error =
                      new LoadClient(
                              new StoreClient(http, frontEnds, id % frontEnds.size()),
                              statistics,
                              names,
                              buyProbability,
                              context.timeout(),
                              new Random(seed + id))
                          .run(mayContinue);
                  return error == null ? "" : error;
                }
              })
          .values()
          .stream()
          .filter(error -> !error.isEmpty())
          .distinct()
          .toList();
    } finally {
      progress.end();
    }
  }

  private BooleanSupplier limit() {
    if (requests != null) {
      AtomicLong left = new AtomicLong(requests);
      return () -> left.getAndDecrement() > 0;
    }
    Deadline end = Deadline.in(duration == null ? DEFAULT_DURATION : duration);
    return () -> !end.passed();
  }
}
