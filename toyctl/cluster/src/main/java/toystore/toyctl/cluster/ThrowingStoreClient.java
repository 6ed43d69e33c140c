package toystore.toyctl.cluster;

import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.PurchaseOutcome;
import toystore.client.StoreClient;
import toystore.client.StoreResult;
import toystore.protocol.api.Order;
import toystore.protocol.api.Product;

/** The store client of the commands: every failure becomes a {@link ToyctlException}. */
public final class ThrowingStoreClient {
  private final StoreClient client;

  public ThrowingStoreClient(StoreClient client) {
    this.client = client;
  }

  public List<Product> products(Duration limit) throws InterruptedException {
    return read("products", StoreClient::products, limit);
  }

  public StoreClient.ProductWithVersion product(String name, Duration limit)
      throws InterruptedException {
    return read("product " + name, (store, deadline) -> store.product(name, deadline), limit);
  }

  public Order order(long number, Duration limit) throws InterruptedException {
    return read("order " + number, (store, deadline) -> store.order(number, deadline), limit);
  }

  /** Reads one page of orders; see {@link StoreClient#orders}. */
  public List<Order> orders(@Nullable Long after, int count, Duration limit)
      throws InterruptedException {
    return read("orders", (store, deadline) -> store.orders(after, count, deadline), limit);
  }

  /** Buys, and retries until the deadline; see {@link StoreClient#buyUntilDecided}. */
  public StoreClient.Purchase buy(
      String name, long quantity, String key, Deadline deadline, BooleanSupplier worthWaiting)
      throws InterruptedException {
    return switch (client.buyUntilDecided(name, quantity, key, deadline, worthWaiting)) {
      case PurchaseOutcome.Placed placed -> placed.purchase();
      // A server error may follow the commit of the purchase.
      case PurchaseOutcome.Failed(StoreResult.Refused<?> refused) when refused.status() >= 500 ->
          throw failure("buy", refused, ExitCode.STATE_UNKNOWN);
      case PurchaseOutcome.Failed failed -> throw failure("buy", failed.failure(), ExitCode.FAILED);
      case PurchaseOutcome.Undecided undecided ->
          throw new ToyctlException(
              ExitCode.TIMED_OUT,
              "buy",
              "no decision within "
                  + deadline.inWords()
                  + " ("
                  + ErrorText.reason(undecided.last())
                  + "); it may still happen",
              "toyctl buy '"
                  + name
                  + "' "
                  + quantity
                  + " --key "
                  + key
                  + "   (the same key buys once)");
    };
  }

  private <T> T read(String what, StoreClient.Read<T> read, Duration limit)
      throws InterruptedException {
    return switch (client.readWithFailover(read, Deadline.in(limit))) {
      case StoreResult.Answered<T>(T value) -> value;
      case StoreResult.Failed<T> failed -> throw failure(what, failed, ExitCode.FAILED);
    };
  }

  private ToyctlException failure(String what, StoreResult.Failed<?> failed, int exitCode) {
    return switch (failed) {
      case StoreResult.Refused<?> refused ->
          new ToyctlException(exitCode, what, refused.message(), remedy(what, refused.status()));
      case StoreResult.Unanswered<?> unanswered ->
          switch (unanswered.reason()) {
            case UNREACHABLE ->
                new ToyctlException(
                    ExitCode.NOT_RUNNING,
                    "front end",
                    "nothing listens at " + String.join(", ", client.frontEnds()),
                    "toyctl up",
                    unanswered.cause());
            case TIMED_OUT ->
                new ToyctlException(
                    ExitCode.TIMED_OUT,
                    what,
                    ErrorText.reason(failed),
                    "toyctl status",
                    unanswered.cause());
            case CONNECTION_LOST, MALFORMED ->
                new ToyctlException(
                    ExitCode.FAILED,
                    what,
                    ErrorText.reason(failed),
                    "toyctl status",
                    unanswered.cause());
          };
    };
  }

  private static String remedy(String what, int status) {
    return switch (status) {
      case 404 -> what.startsWith("order") ? "toyctl order list" : "toyctl product list";
      case 409 -> "toyctl product list";
      case 422 -> "toyctl buy without --key";
      case 400 -> "toyctl help";
      default -> "toyctl status";
    };
  }
}
