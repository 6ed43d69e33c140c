package toystore.toyctl.chaos.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.PurchaseOutcome;
import toystore.client.StoreClient;
import toystore.client.StoreResult;
import toystore.protocol.api.Order;
import toystore.protocol.api.Product;
import toystore.toyctl.cluster.ErrorText;

/**
 * A client that repeatedly queries a random product and, if it is in stock, buys it with a given
 * probability. At the end it reads each of its orders again and compares.
 */
public final class LoadClient {
  private static final int MAX_QUANTITY = 5;

  private final StoreClient store;
  private final LoadStatistics statistics;
  private final List<String> names;
  private final double buyProbability;
  private final Duration timeout;
  private final Random random;
  private final List<Order> acknowledged = new ArrayList<>();
  private @Nullable String firstError;

  public LoadClient(
      StoreClient store,
      LoadStatistics statistics,
      List<String> names,
      double buyProbability,
      Duration timeout,
      Random random) {
    this.store = store;
    this.statistics = statistics;
    this.names = List.copyOf(names);
    this.buyProbability = buyProbability;
    this.timeout = timeout;
    this.random = random;
  }

  /**
   * Sends requests while the condition holds, then checks the orders.
   *
   * @return the first error, or null if there was none
   */
  public @Nullable String run(BooleanSupplier shouldContinue) throws InterruptedException {
    while (shouldContinue.getAsBoolean()) {
      step();
    }
    for (Order order : acknowledged) {
      check(order);
    }
    return firstError;
  }

  private void step() throws InterruptedException {
    String name = names.get(random.nextInt(names.size()));
    // Draw all numbers first: then a seed gives the same choices, whatever the store answers.
    boolean wantsToBuy = random.nextDouble() < buyProbability;
    int drawn = random.nextInt(MAX_QUANTITY);
    Product product = query(name);
    if (product != null && wantsToBuy && product.quantity() > 0) {
      buy(name, 1 + (int) (drawn % Math.min(product.quantity(), MAX_QUANTITY)));
    }
  }

  private @Nullable Product query(String name) throws InterruptedException {
    statistics.queries.increment();
    long start = System.nanoTime();
    StoreResult<StoreClient.ProductWithVersion> result =
        store.readWithFailover(
            (client, deadline) -> client.product(name, deadline), Deadline.in(timeout));
    statistics.recordQuery(since(start));
    return switch (result) {
      case StoreResult.Answered<StoreClient.ProductWithVersion>(var answer) -> {
        Product product = answer.product();
        if (!product.name().equals(name)) {
          error("asked for " + name + ", but the answer is about " + product.name());
          yield null;
        }
        yield product;
      }
      case StoreResult.Failed<StoreClient.ProductWithVersion> failed -> {
        error("product " + name + ": " + ErrorText.reason(failed));
        yield null;
      }
    };
  }

  private void buy(String name, int quantity) throws InterruptedException {
    String key = UUID.randomUUID().toString();
    long start = System.nanoTime();
    // Retries also while no front end accepts connections: one may start again before the deadline.
    PurchaseOutcome outcome =
        store.buyUntilDecided(name, quantity, key, Deadline.in(timeout), () -> true);
    statistics.recordPurchase(since(start));
    switch (outcome) {
      case PurchaseOutcome.Placed placed -> {
        statistics.orders.increment();
        statistics.retries.add(placed.attempts() - 1L);
        acknowledged.add(new Order(placed.purchase().orderNumber(), name, quantity));
      }
      case PurchaseOutcome.Failed(StoreResult.Refused<?> refused) when refused.status() == 409 ->
          statistics.outOfStock.increment();
      case PurchaseOutcome.Failed(var failure) -> error("buy: " + ErrorText.reason(failure));
      case PurchaseOutcome.Undecided(var last) ->
          error("buy: no decision in time (" + ErrorText.reason(last) + "); it may still happen");
    }
  }

  private void check(Order order) throws InterruptedException {
    StoreResult<Order> result =
        store.readWithFailover(
            (client, deadline) -> client.order(order.number(), deadline), Deadline.in(timeout));
    switch (result) {
      case StoreResult.Answered<Order>(Order found) -> {
        if (found.equals(order)) {
          statistics.verified.increment();
        } else {
          mismatch("acknowledged " + order + ", found " + found);
        }
      }
      case StoreResult.Refused<Order> refused when refused.status() == 404 ->
          mismatch("acknowledged " + order + ", which does not exist");
      case StoreResult.Failed<Order> failed ->
          error("order " + order.number() + ": " + ErrorText.reason(failed));
    }
  }

  private void mismatch(String error) {
    statistics.mismatches.increment();
    keepFirst(error);
  }

  private void error(String error) {
    statistics.errors.increment();
    keepFirst(error);
  }

  private void keepFirst(String error) {
    if (firstError == null) {
      firstError = error;
    }
  }

  private static Duration since(long startNanos) {
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }
}
