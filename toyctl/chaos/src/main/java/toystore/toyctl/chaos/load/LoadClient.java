package toystore.toyctl.chaos.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Order;
import toystore.protocol.api.Product;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.StoreClient;
import toystore.toyctl.cluster.ToyctlException;

/**
 * One client: asks for a random product; if there is stock, buys some of it with probability p; at
 * the end asks for each of its orders again and compares.
 */
public final class LoadClient {
  private static final int LARGEST_PURCHASE = 5;

  private final StoreClient store;
  private final LoadTally tally;
  private final List<String> names;
  private final double buyProbability;
  private final Duration timeout;
  private final Random random;
  private final List<Order> remembered = new ArrayList<>();
  private @Nullable String firstError;

  public LoadClient(
      StoreClient store,
      LoadTally tally,
      List<String> names,
      double buyProbability,
      Duration timeout,
      Random random) {
    this.store = store;
    this.tally = tally;
    this.names = List.copyOf(names);
    this.buyProbability = buyProbability;
    this.timeout = timeout;
    this.random = random;
  }

  /** Shops while it may, then checks its orders. Returns the first error, or null. */
  public @Nullable String run(BooleanSupplier goOn) throws InterruptedException {
    while (goOn.getAsBoolean()) {
      step();
    }
    for (Order order : remembered) {
      check(order);
    }
    return firstError;
  }

  private void step() throws InterruptedException {
    String name = names.get(random.nextInt(names.size()));
    // Drawn whatever the store answers, so that a seed means the same choices in every run.
    boolean wantsToBuy = random.nextDouble() < buyProbability;
    int appetite = random.nextInt(LARGEST_PURCHASE);
    Product product = query(name);
    if (product != null && wantsToBuy && product.quantity() > 0) {
      buy(name, 1 + (int) (appetite % Math.min(product.quantity(), LARGEST_PURCHASE)));
    }
  }

  private @Nullable Product query(String name) throws InterruptedException {
    tally.queries.increment();
    long start = System.nanoTime();
    try {
      Product product = store.product(name, timeout).product();
      if (!product.name().equals(name)) {
        error("asked for " + name + ", was told about " + product.name());
        return null;
      }
      return product;
    } catch (ToyctlException e) {
      error(e.getMessage());
      return null;
    } finally {
      tally.queryTook(since(start));
    }
  }

  private void buy(String name, int quantity) throws InterruptedException {
    String key = UUID.randomUUID().toString();
    long start = System.nanoTime();
    try {
      // A front end that is away for a moment is waited for, as for any other fault.
      StoreClient.Bought bought =
          store.buy(name, quantity, key, CommandDeadline.in(timeout), () -> true);
      tally.orders.increment();
      tally.retries.add(bought.attempts() - 1L);
      remembered.add(new Order(bought.orderNumber(), name, quantity));
    } catch (ToyctlException e) {
      if (e.getCause() instanceof ApiException refusal && refusal.status() == 409) {
        tally.outOfStock.increment();
      } else {
        error(e.getMessage());
      }
    } finally {
      tally.buyTook(since(start));
    }
  }

  private void check(Order order) throws InterruptedException {
    try {
      Order found = store.order(order.number(), timeout);
      if (found.equals(order)) {
        tally.verified.increment();
      } else {
        tally.mismatches.increment();
        remember("remembered " + order + ", found " + found);
      }
    } catch (ToyctlException e) {
      if (e.getCause() instanceof ApiException refusal && refusal.status() == 404) {
        tally.mismatches.increment();
        remember("remembered " + order + ", which is not there");
      } else {
        error(e.getMessage());
      }
    }
  }

  private void error(@Nullable String what) {
    tally.errors.increment();
    remember(String.valueOf(what));
  }

  private void remember(String error) {
    if (firstError == null) {
      firstError = error;
    }
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }
}
