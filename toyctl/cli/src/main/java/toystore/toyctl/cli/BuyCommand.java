package toystore.toyctl.cli;

import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.client.StoreClient;
import toystore.config.StoreConfig;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Uuids;
import toystore.toyctl.cli.context.CommandContext;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.ToyctlException;

/** {@code toyctl buy NAME QUANTITY} */
@Command(
    name = "buy",
    description = "Buys a product exactly once, with retries, and prints the order number.")
final class BuyCommand implements Callable<Integer> {
  private final CommandContext context;

  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the product, such as Tux.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "QUANTITY", description = "Quantity, from 1 to 1000000.")
  private long quantity;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "Idempotency-Key of the purchase: requests with the same key buy only once (default: a"
              + " new key).")
  private @Nullable String key;

  BuyCommand(CommandContext context) {
    this.context = context;
  }

  /** The JSON output. */
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
    try (ApiHttpClient http = new ApiHttpClient()) {
      StoreClient.Purchase bought =
          context
              .store(config, http)
              .buy(
                  name,
                  quantity,
                  idempotencyKey,
                  Deadline.in(context.timeout()),
                  () -> context.isFrontEndRunning(config));
      context
          .output()
          .data(
              new Bought(
                  bought.orderNumber(),
                  name,
                  quantity,
                  bought.productVersion(),
                  bought.replayed(),
                  idempotencyKey),
              () ->
                  context.output().isQuiet()
                      ? Long.toString(bought.orderNumber())
                      : "order "
                          + bought.orderNumber()
                          + ": "
                          + quantity
                          + " "
                          + name
                          + (bought.replayed() ? " (already bought with this key)" : ""));
    }
    return ExitCode.OK;
  }

  // A key that an HTTP header cannot contain is a usage error.
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
