package toystore.toyctl.cli;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.client.ApiHttpClient;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.protocol.api.Product;
import toystore.toyctl.chaos.PromiseReport;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.chaos.check.Workload;
import toystore.toyctl.chaos.check.WorkloadMonitor;
import toystore.toyctl.chaos.check.WorkloadProfile;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cli.context.DurationConverter;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.nodes.NodeClient;

/** {@code toyctl check} */
@Command(
    name = "check",
    description =
        "Runs clients against the running store and checks every promise, also while nodes are"
            + " stopped or killed.")
final class CheckCommand implements Callable<Integer> {
  private static final Duration DECISION_TIMEOUT = Duration.ofSeconds(60);

  private final CommandContext context;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "Length of the check, such as 30s, 10m, 1h (default: 30s).")
  private Duration duration = Duration.ofSeconds(30);

  @Option(names = "--clients", paramLabel = "N", description = "Number of clients (default: 8).")
  private int clients = 8;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the random choices, to repeat a run (default: random).")
  private long seed = new Random().nextInt(1_000_000_000);

  CheckCommand(CommandContext context) {
    this.context = context;
  }

  /** The JSON output. */
  record Checked(
      long seed,
      int clients,
      double seconds,
      long orders,
      long reads,
      LatencySummary purchases,
      long errors,
      long disturbances,
      PromiseReport proof) {
    String text() {
      return String.format(
          Locale.ROOT,
          "seed %d, %d clients, %.0f s, %d orders, %d reads\npurchases, retries included: %s\n"
              + "%d answers of 503, %d requests without an answer\n%s",
          seed,
          clients,
          seconds,
          orders,
          reads,
          purchases.inWords(),
          errors,
          disturbances,
          proof.text());
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    if (clients < 1 || clients > 1000) {
      throw new ToyctlException(
          ExitCode.USAGE, "--clients", "must be from 1 to 1000", "toyctl check --help");
    }
    StoreConfig config = context.config();
    List<String> frontEnds = config.nodes(Role.FRONTEND).stream().map(config::url).toList();
    long begun = System.nanoTime();
    WorkloadMonitor monitor = new WorkloadMonitor();
    try (ApiHttpClient http = new ApiHttpClient()) {
      List<String> products =
          context.store(config, http).products(context.timeout()).stream()
              .map(Product::name)
              .toList();
      try (Workload workload =
          new Workload(frontEnds, products, WorkloadProfile.READERS, seed, monitor)) {
        workload.start(clients);
        Thread.sleep(duration);
        if (!workload.stop(DECISION_TIMEOUT) || monitor.ledger().undecided() > 0) {
          monitor.violations().add(monitor.ledger().undecided() + " purchases were never decided");
        }
      }
      PromiseReport proof =
          PromiseReport.of(config, new NodeClient(http, config), monitor, false, context.timeout());
      Checked checked =
          new Checked(
              seed,
              clients,
              (System.nanoTime() - begun) / 1e9,
              monitor.ledger().acknowledged(),
              monitor.reads().sum(),
              monitor.acknowledgements().latencies(),
              monitor.unavailable().sum(),
              monitor.unanswered().sum(),
              proof);
      context.output().data(checked, checked::text);
      proof.findings().forEach(finding -> context.output().warn("check: " + finding));
      return proof.holds() ? ExitCode.OK : ExitCode.VERIFICATION_FAILED;
    }
  }
}
