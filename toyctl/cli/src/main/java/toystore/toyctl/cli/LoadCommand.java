package toystore.toyctl.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;
import toystore.config.StoreConfig;
import toystore.protocol.api.Product;
import toystore.toyctl.chaos.load.LoadClient;
import toystore.toyctl.chaos.load.LoadReport;
import toystore.toyctl.chaos.load.LoadTally;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.StoreClient;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl load} */
@Command(
    name = "load",
    description = "Lets clients shop, then checks that every order is as they remember it.")
final class LoadCommand implements Callable<Integer> {
  private static final int MOST_CLIENTS = 10_000;

  private final CommandContext context;

  @Option(names = "--clients", paramLabel = "N", description = "How many (default: 5).")
  private int clients = 5;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Product queries of all clients together.")
  private @Nullable Long requests;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = Time.class,
      description = "Such as 500ms, 30s, 5m (default: 30s).")
  private @Nullable Duration duration;

  @Option(
      names = "--buy-probability",
      paramLabel = "P",
      description = "How likely a client buys what is in stock (default: 0.8).")
  private double buyProbability = 0.8;

  @Option(names = "--seed", paramLabel = "N", description = "For the same choices again.")
  private long seed = new Random().nextInt(1_000_000_000);

  LoadCommand(CommandContext context) {
    this.context = context;
  }

  /** Durations as people write them. */
  static final class Time implements ITypeConverter<Duration> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    @Override
    public Duration convert(String text) {
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException("'" + text + "' is not a time such as 500ms, 30s, 5m");
      }
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        default -> Duration.ofHours(amount);
      };
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    check();
    StoreConfig config = context.config();
    List<String> frontEnds = CommandContext.frontEnds(config).stream().map(config::url).toList();
    LoadTally tally = new LoadTally();
    List<String> names = names(config);
    long begin = System.nanoTime();
    List<String> errors = shop(frontEnds, names, tally);
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    LoadReport report = tally.report(clients, seed, took);
    context.data(report, report::text);
    if (!report.clean()) {
      errors.stream().limit(5).forEach(error -> context.warn("load: " + error));
      context.err().println("  try: toyctl verify");
    }
    return report.clean() ? ExitCode.OK : ExitCode.FAILED;
  }

  private void check() {
    if (clients < 1 || clients > MOST_CLIENTS) {
      throw usage("--clients", "must be from 1 to " + MOST_CLIENTS);
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

  private List<String> names(StoreConfig config) throws InterruptedException {
    try (HttpApi http = new HttpApi()) {
      List<String> names =
          context.store(config, http).products(context.timeout()).stream()
              .map(Product::name)
              .toList();
      if (names.isEmpty()) {
        throw new ToyctlException(
            ExitCode.FAILED, "load", "the store has no products", "toyctl product list");
      }
      return names;
    }
  }

  private List<String> shop(List<String> frontEnds, List<String> names, LoadTally tally)
      throws InterruptedException {
    BooleanSupplier goOn = limit();
    CountDownLatch shopping = new CountDownLatch(1);
    Thread progress = Thread.ofVirtual().unstarted(() -> showProgress(tally, shopping));
    if (interactive()) {
      progress.start();
    }
    try {
      List<Integer> ids = IntStream.range(0, clients).boxed().toList();
      return new ArrayList<>(
          ParallelTasks.forEach(
                  ids,
                  id -> {
                    // Its own connection, as another process would have.
                    try (HttpApi http = new HttpApi()) {
                      String error =
                          new LoadClient(
                                  new StoreClient(http, frontEnds, id % frontEnds.size()),
                                  tally,
                                  names,
                                  buyProbability,
                                  context.timeout(),
                                  new Random(seed + id))
                              .run(goOn);
                      return error == null ? "" : error;
                    }
                  })
              .values()
              .stream()
              .filter(error -> !error.isEmpty())
              .distinct()
              .toList());
    } finally {
      shopping.countDown();
      if (interactive()) {
        progress.join(Duration.ofSeconds(1));
      }
    }
  }

  private BooleanSupplier limit() {
    if (requests != null) {
      AtomicLong left = new AtomicLong(requests);
      return () -> left.getAndDecrement() > 0;
    }
    CommandDeadline end = CommandDeadline.in(duration == null ? Duration.ofSeconds(30) : duration);
    return () -> !end.passed();
  }

  // Null only where the console's provider is chosen by a system property.
  @SuppressWarnings("SystemConsoleNull")
  private boolean interactive() {
    Console console = System.console();
    return console != null && console.isTerminal() && !context.quiet() && !context.json();
  }

  private void showProgress(LoadTally tally, CountDownLatch end) {
    PrintWriter err = context.err();
    try {
      boolean ended;
      do {
        ended = end.await(500, TimeUnit.MILLISECONDS);
        err.print(
            String.format(
                Locale.ROOT,
                "\r%d queries, %d orders, %d out of stock, %d errors",
                tally.queries.sum(),
                tally.orders.sum(),
                tally.outOfStock.sum(),
                tally.errors.sum()));
        err.print(ended ? "\n" : "");
        err.flush();
      } while (!ended);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
