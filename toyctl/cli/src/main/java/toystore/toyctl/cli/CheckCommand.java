package toystore.toyctl.cli;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.protocol.api.Product;
import toystore.toyctl.chaos.PromiseReport;
import toystore.toyctl.chaos.check.ConsistencyChecks;
import toystore.toyctl.chaos.check.LatencySummary;
import toystore.toyctl.chaos.check.ShopperPool;
import toystore.toyctl.chaos.check.ShopperProfile;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.status.NodeClient;

/** {@code toyctl check} */
@Command(
    name = "check",
    description =
        "Shops in the running store for a while and checks every promise, whatever is done to it"
            + " meanwhile.")
final class CheckCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final CommandContext context;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = LoadCommand.Time.class,
      description = "Such as 30s, 10m, 1h (default: 30s).")
  private Duration duration = Duration.ofSeconds(30);

  @Option(names = "--clients", paramLabel = "N", description = "How many (default: 8).")
  private int clients = 8;

  @Option(names = "--seed", paramLabel = "N", description = "For the same choices again.")
  private long seed = new Random().nextInt(1_000_000_000);

  CheckCommand(CommandContext context) {
    this.context = context;
  }

  /** What is printed with -o json. */
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
    ConsistencyChecks checks = new ConsistencyChecks();
    try (HttpApi http = new HttpApi()) {
      List<String> products =
          context.store(config, http).products(context.timeout()).stream()
              .map(Product::name)
              .toList();
      try (ShopperPool shop =
          new ShopperPool(frontEnds, products, ShopperProfile.READERS, seed, checks)) {
        shop.enter(clients);
        Thread.sleep(duration);
        if (!shop.leave(PATIENCE) || checks.ledger().undecided() > 0) {
          checks.findings().add(checks.ledger().undecided() + " purchases were never decided");
        }
      }
      PromiseReport proof =
          PromiseReport.of(config, new NodeClient(http, config), checks, false, context.timeout());
      Checked checked =
          new Checked(
              seed,
              clients,
              (System.nanoTime() - begun) / 1e9,
              checks.ledger().acknowledged(),
              checks.reads().sum(),
              checks.answers().latencies(),
              checks.errors().sum(),
              checks.disturbances().sum(),
              proof);
      context.data(checked, checked::text);
      proof.findings().forEach(finding -> context.warn("check: " + finding));
      return proof.holds() ? ExitCode.OK : ExitCode.VERIFICATION_FAILED;
    }
  }
}
