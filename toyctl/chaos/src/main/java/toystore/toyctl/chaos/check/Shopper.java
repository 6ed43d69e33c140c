package toystore.toyctl.chaos.check;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Order;
import toystore.protocol.api.Uuids;

/** One client. It repeats every purchase under its key until it is decided. */
final class Shopper {
  private static final int KEYS_KEPT = 64;
  private static final Duration PAUSE = Duration.ofMillis(25);

  private final ShopperClient store;
  private final List<String> products;
  private final ShopperProfile habits;
  private final ConsistencyChecks checks;
  private final Random random;
  private final String keyPrefix;
  private final BooleanSupplier mayGoOn;
  private final List<Bought> bought = new ArrayList<>();
  private long purchases;

  /** A purchase that may be asked for again. */
  private record Bought(String key, Order order, long version) {}

  /**
   * @param keyPrefix what nobody else's keys begin with
   * @param mayGoOn false when even a purchase that is not decided is to be given up
   */
  Shopper(
      ShopperClient store,
      List<String> products,
      ShopperProfile habits,
      ConsistencyChecks checks,
      Random random,
      String keyPrefix,
      BooleanSupplier mayGoOn) {
    this.store = store;
    this.products = products;
    this.habits = habits;
    this.checks = checks;
    this.random = random;
    this.keyPrefix = keyPrefix;
    this.mayGoOn = mayGoOn;
  }

  void step() throws InterruptedException {
    // All is drawn first, so that a seed means the same choices whatever the store answers.
    String name = products.get(random.nextInt(products.size()));
    double kind = random.nextDouble();
    double detail = random.nextDouble();
    int quantity = 1 + random.nextInt(habits.largest());
    store.beginAnew();
    if (kind >= habits.buy()) {
      if (detail < habits.orderReads() && checks.orders().count() > 0) {
        readOrder((long) (random.nextDouble() * checks.orders().count()));
      } else {
        readProduct(name);
      }
    } else if (detail < habits.repeats() && !bought.isEmpty()) {
      repeat(bought.get(random.nextInt(bought.size())));
    } else {
      buy(name, quantity);
    }
    Thread.sleep(habits.think());
  }

  private void readProduct(String name) throws InterruptedException {
    long floor = checks.products().begin(name);
    try {
      ShopperClient.Answer answer = store.product(name);
      switch (answer.status()) {
        case 200 -> {
          checks.products().read(name, floor, answer.productVersion(), answer.product().quantity());
          checks.reads().increment();
        }
        case 503 -> checks.errors().increment();
        default -> unexpected("a read of " + name, answer);
      }
    } catch (IOException _) {
      checks.disturbances().increment();
    }
  }

  private void readOrder(long number) throws InterruptedException {
    boolean known = checks.orders().begin(number);
    try {
      ShopperClient.Answer answer = store.order(number);
      switch (answer.status()) {
        case 200 -> {
          checks.orders().told(answer.order());
          checks.reads().increment();
        }
        case 404 -> {
          checks.orders().missing(number, known);
          checks.reads().increment();
        }
        case 503 -> checks.errors().increment();
        default -> unexpected("a read of order " + number, answer);
      }
    } catch (IOException _) {
      checks.disturbances().increment();
    }
  }

  private void buy(String name, int quantity) throws InterruptedException {
    String key = keyPrefix + purchases++;
    Bought made = buy(name, quantity, key);
    if (made != null) {
      if (bought.size() == KEYS_KEPT) {
        bought.set(random.nextInt(KEYS_KEPT), made);
      } else {
        bought.add(made);
      }
    }
  }

  /** Buys under a key that is used here first, or by several clients at once. */
  private @Nullable Bought buy(String name, int quantity, String key) throws InterruptedException {
    UUID id = Uuids.fromIdempotencyKey(key);
    checks.ledger().asked(id, name, quantity);
    long floor = checks.products().begin(name);
    long begun = System.nanoTime();
    while (mayGoOn.getAsBoolean()) {
      try {
        ShopperClient.Answer answer = store.buy(name, quantity, key);
        switch (answer.status()) {
          case 200 -> {
            checks.answers().acknowledged(begun);
            Order order = new Order(answer.orderNumber(), name, quantity);
            checks.ledger().acknowledged(id, order.number());
            checks.orders().told(order);
            // Whichever attempt made it, it was made after the first one began.
            checks.products().sold(name, floor, answer.productVersion());
            return new Bought(key, order, answer.productVersion());
          }
          case 409 -> {
            checks.ledger().refused(id);
            checks.refusals().increment();
            return null;
          }
          case 503 -> checks.errors().increment();
          default -> {
            unexpected("a purchase", answer);
            return null;
          }
        }
      } catch (IOException _) {
        checks.disturbances().increment();
      }
      Thread.sleep(PAUSE);
    }
    return null;
  }

  /** Once more what was bought long ago: the same answer, and nothing happens. */
  private void repeat(Bought before) throws InterruptedException {
    try {
      Order order = before.order;
      ShopperClient.Answer answer = store.buy(order.name(), order.quantity(), before.key);
      switch (answer.status()) {
        case 200 -> {
          checks.ledger().acknowledged(Uuids.fromIdempotencyKey(before.key), answer.orderNumber());
          if (!answer.replayed() || answer.productVersion() != before.version) {
            checks
                .findings()
                .add("order " + order.number() + " was repeated and answered as if new");
          }
        }
        case 503 -> checks.errors().increment();
        default -> unexpected("a repetition of order " + order.number(), answer);
      }
    } catch (IOException _) {
      checks.disturbances().increment();
    }
  }

  /** Buys as one of several that use the same key at once. */
  void buyTogether(String name, int quantity, String key) throws InterruptedException {
    var _ = buy(name, quantity, key);
  }

  private void unexpected(String what, ShopperClient.Answer answer) {
    checks.findings().add(what + " was answered with " + answer.text());
  }
}
