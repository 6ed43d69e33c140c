package toystore.toyctl.cli;

import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.config.StoreConfig;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Uuids;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.StoreClient;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl buy NAME QUANTITY} */
@Command(
    name = "buy",
    description = "Buys once, however often it has to ask; prints the order's number.")
final class BuyCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(index = "0", paramLabel = "NAME", description = "Such as Tux.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "QUANTITY", description = "From 1 to 1000000.")
  private long quantity;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "Idempotency-Key: the same key buys once (default: a new one).")
  private @Nullable String key;

  BuyCommand(CommandContext context) {
    this.context = context;
  }

  /** What is printed with -o json. */
  record Bought(
      long orderNumber,
      String name,
      long quantity,
      @Nullable Long productVersion,
      boolean replayed,
      String key) {}

  @Override
  public Integer call() throws InterruptedException {
    String idempotencyKey = key == null ? UUID.randomUUID().toString() : checked(key);
    StoreConfig config = context.config();
    try (HttpApi http = new HttpApi()) {
      StoreClient.Bought bought =
          context
              .store(config, http)
              .buy(
                  name,
                  quantity,
                  idempotencyKey,
                  CommandDeadline.in(context.timeout()),
                  () -> context.frontEndRuns(config));
      context.data(
          new Bought(
              bought.orderNumber(),
              name,
              quantity,
              bought.productVersion(),
              bought.replayed(),
              idempotencyKey),
          () ->
              context.quiet()
                  ? Long.toString(bought.orderNumber())
                  : "order "
                      + bought.orderNumber()
                      + ": "
                      + quantity
                      + " "
                      + name
                      + (bought.replayed() ? " (bought before under this key)" : ""));
    }
    return ExitCode.OK;
  }

  // What no header can carry is a matter of typing, not of the store.
  private static String checked(String key) {
    try {
      var _ = Uuids.fromIdempotencyKey(key);
      return key;
    } catch (ApiException e) {
      throw new ToyctlException(
          ExitCode.USAGE, "--key", String.valueOf(e.getMessage()), "toyctl buy --help", e);
    }
  }
}
