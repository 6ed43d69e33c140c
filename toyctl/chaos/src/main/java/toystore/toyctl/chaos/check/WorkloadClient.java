package toystore.toyctl.chaos.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.StoreClient;
import toystore.client.StoreResult;
import toystore.protocol.api.Order;
import toystore.protocol.api.Uuids;

/** One client of a workload. It repeats each purchase with the same key until it has an outcome. */
final class WorkloadClient {
  private static final int PURCHASES_KEPT = 64;
  private static final Duration RETRY_PAUSE = Duration.ofMillis(25);

  private final StoreClient store;
  private final Duration requestTimeout;
  private final List<String> products;
  private final WorkloadProfile profile;
  private final WorkloadMonitor monitor;
  private final Random random;
  private final String keyPrefix;
  private final BooleanSupplier mayRetry;
  private final List<Purchase> acknowledged = new ArrayList<>();
  private long purchases;

  /** An acknowledged purchase, which the client may repeat. */
  private record Purchase(String key, Order order, long version) {}

  /**
   * @param requestTimeout the time limit of one request; longer than the deadline of a front end
   * @param keyPrefix the prefix of the keys of this client; no other client uses it
   * @param mayRetry false if the client must give up even a purchase without an outcome
   */
  WorkloadClient(
      StoreClient store,
      Duration requestTimeout,
      List<String> products,
      WorkloadProfile profile,
      WorkloadMonitor monitor,
      Random random,
      String keyPrefix,
      BooleanSupplier mayRetry) {
    this.store = store;
    this.requestTimeout = requestTimeout;
    this.products = products;
    this.profile = profile;
    this.monitor = monitor;
    this.random = random;
    this.keyPrefix = keyPrefix;
    this.mayRetry = mayRetry;
  }

  /** Sends one random request, repeats it if necessary, and pauses. */
  void step() throws InterruptedException {
    // Draw all numbers first: then a seed gives the same choices, whatever the store answers.
    String name = products.get(random.nextInt(products.size()));
    double kind = random.nextDouble();
    double detail = random.nextDouble();
    int quantity = 1 + random.nextInt(profile.maxQuantity());
    store.returnToPreferred();
    if (kind >= profile.purchases()) {
      if (detail < profile.orderReads() && monitor.orders().count() > 0) {
        readOrder((long) (random.nextDouble() * monitor.orders().count()));
      } else {
        readProduct(name);
      }
    } else if (detail < profile.repeats() && !acknowledged.isEmpty()) {
      repeat(acknowledged.get(random.nextInt(acknowledged.size())));
    } else {
      buy(name, quantity);
    }
    Thread.sleep(profile.pause());
  }

  private void readProduct(String name) throws InterruptedException {
    long floor = monitor.products().newestVersion(name);
    switch (store.product(name, Deadline.in(requestTimeout))) {
      case StoreResult.Answered<StoreClient.ProductWithVersion>(var answer) -> {
        monitor
            .products()
            .read(name, floor, version(answer.version()), answer.product().quantity());
        monitor.reads().increment();
      }
      case StoreResult.Failed<?> failed -> countOrReport("a read of " + name, failed);
    }
  }

  private void readOrder(long number) throws InterruptedException {
    boolean mustExist = monitor.orders().isKnown(number);
    switch (store.order(number, Deadline.in(requestTimeout))) {
      case StoreResult.Answered<Order>(Order order) -> {
        monitor.orders().observed(order);
        monitor.reads().increment();
      }
      case StoreResult.Refused<?> refused when refused.status() == 404 -> {
        monitor.orders().notFound(number, mustExist);
        monitor.reads().increment();
      }
      case StoreResult.Failed<?> failed -> countOrReport("a read of order " + number, failed);
    }
  }

  private void buy(String name, int quantity) throws InterruptedException {
    String key = keyPrefix + purchases++;
    Purchase purchase = buy(name, quantity, key);
    if (purchase != null) {
      if (acknowledged.size() == PURCHASES_KEPT) {
        acknowledged.set(random.nextInt(PURCHASES_KEPT), purchase);
      } else {
        acknowledged.add(purchase);
      }
    }
  }

  /** Buys with a new key, or with a key that several clients use concurrently. */
  private @Nullable Purchase buy(String name, int quantity, String key)
      throws InterruptedException {
    UUID id = Uuids.fromIdempotencyKey(key);
    monitor.ledger().requested(id, name, quantity);
    long floor = monitor.products().newestVersion(name);
    long start = System.nanoTime();
    while (mayRetry.getAsBoolean()) {
      switch (store.buy(name, quantity, key, Deadline.in(requestTimeout))) {
        case StoreResult.Answered<StoreClient.Purchase>(var answer) -> {
          monitor.acknowledgements().add(start);
          Order order = new Order(answer.orderNumber(), name, quantity);
          monitor.ledger().acknowledged(id, order.number());
          monitor.orders().observed(order);
          // Whichever attempt placed the order, it did so after the first attempt began.
          long version = version(answer.productVersion());
          monitor.products().sold(name, floor, version);
          return new Purchase(key, order, version);
        }
        case StoreResult.Refused<?> refused when refused.status() == 409 -> {
          monitor.ledger().refused(id);
          monitor.outOfStock().increment();
          return null;
        }
        case StoreResult.Failed<?> failed -> {
          countOrReport("a purchase", failed);
          if (failed instanceof StoreResult.Refused<?> refused && !refused.temporary()) {
            return null;
          }
        }
      }
      Thread.sleep(RETRY_PAUSE);
    }
    return null;
  }

  /** Repeats an earlier purchase. The answer must be the same, and the store must not change. */
  private void repeat(Purchase purchase) throws InterruptedException {
    Order order = purchase.order;
    switch (store.buy(order.name(), order.quantity(), purchase.key, Deadline.in(requestTimeout))) {
      case StoreResult.Answered<StoreClient.Purchase>(var answer) -> {
        monitor.ledger().acknowledged(Uuids.fromIdempotencyKey(purchase.key), answer.orderNumber());
        if (!answer.replayed() || version(answer.productVersion()) != purchase.version) {
          monitor
              .violations()
              .add("the repetition of order " + order.number() + " was answered as if it were new");
        }
      }
      case StoreResult.Failed<?> failed ->
          countOrReport("a repetition of order " + order.number(), failed);
    }
  }

  /** Buys as one of several clients that use the same key concurrently. */
  void buyWithSharedKey(String name, int quantity, String key) throws InterruptedException {
    var _ = buy(name, quantity, key);
  }

  /** Counts a failure that faults may cause, and reports any other answer as a violation. */
  private void countOrReport(String what, StoreResult.Failed<?> failed) {
    switch (failed) {
      case StoreResult.Refused<?> refused -> {
        if (refused.temporary()) {
          monitor.unavailable().increment();
        } else {
          monitor
              .violations()
              .add(what + " was answered with " + refused.status() + " " + refused.message());
        }
      }
      case StoreResult.Unanswered<?> _ -> monitor.unanswered().increment();
    }
  }

  /** The product version as the checkers expect it: -1 if the answer contains none. */
  private static long version(@Nullable Long version) {
    return version == null ? -1 : version;
  }
}
