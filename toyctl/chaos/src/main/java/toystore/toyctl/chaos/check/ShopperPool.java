package toystore.toyctl.chaos.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients that shop at the same time, each on a thread and connections of its own. */
public final class ShopperPool implements AutoCloseable {
  /** For one call; longer than a front end's own deadline, 10 s unless it is set otherwise. */
  private static final Duration PATIENCE = Duration.ofSeconds(12);

  private static final Duration FOR_EVER = Duration.ofDays(1000);

  private final List<String> frontEnds;
  private final List<String> products;
  private final ShopperProfile habits;
  private final ConsistencyChecks checks;
  private final long seed;
  // A seed repeats the choices; keys differ in every run, since a store never forgets one.
  private final String run = UUID.randomUUID().toString().substring(0, 8);
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger storms = new AtomicInteger();
  private volatile boolean open = true;
  private volatile long giveUpNanos = System.nanoTime() + FOR_EVER.toNanos();

  /**
   * A shop without clients yet.
   *
   * @param frontEnds addresses, {@code http://host:port}
   */
  public ShopperPool(
      List<String> frontEnds,
      List<String> products,
      ShopperProfile habits,
      long seed,
      ConsistencyChecks checks) {
    this.frontEnds = List.copyOf(frontEnds);
    this.products = List.copyOf(products);
    this.habits = habits;
    this.seed = seed;
    this.checks = checks;
  }

  /** Lets so many clients in. */
  public void enter(int clients) {
    for (int i = 0; i < clients; i++) {
      int id = threads.size();
      threads.add(Thread.ofVirtual().name("shopper " + id).start(() -> shop(id)));
    }
  }

  private void shop(int id) {
    try (ShopperClient store = new ShopperClient(frontEnds, id, PATIENCE)) {
      Shopper shopper = shopper(store, id, new Random(seed + id));
      while (open) {
        shopper.step();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      checks.findings().add("client " + id + " failed: " + e);
    }
  }

  private Shopper shopper(ShopperClient store, int id, Random random) {
    return new Shopper(
        store,
        products,
        habits,
        checks,
        random,
        run + "-" + id + "-",
        () -> System.nanoTime() - giveUpNanos < 0);
  }

  /**
   * Several clients ask for the same purchase under the same key at once, spread over the front
   * ends, each until it is answered; so many times. Returns when all are answered, or the first one
   * is not within the time.
   *
   * @return whether all were answered
   */
  public boolean storm(int purchases, int clients, Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    Random random = new Random(seed ^ storms.incrementAndGet());
    for (int i = 0; i < purchases; i++) {
      String name = products.get(random.nextInt(products.size()));
      int quantity = 1 + random.nextInt(habits.largest());
      String key = run + "-storm-" + storms.get() + "-" + i;
      List<Thread> all = new ArrayList<>();
      for (int client = 0; client < clients; client++) {
        int id = client;
        all.add(
            Thread.ofVirtual()
                .name("storm " + id)
                .start(() -> buyTogether(id, name, quantity, key)));
      }
      boolean answered = true;
      for (Thread thread : all) {
        answered &= thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      }
      if (!answered) {
        all.forEach(Thread::interrupt);
        return false;
      }
    }
    return true;
  }

  private void buyTogether(int id, String name, int quantity, String key) {
    try (ShopperClient store = new ShopperClient(frontEnds, id, PATIENCE)) {
      shopper(store, id, new Random(seed)).buyTogether(name, quantity, key);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      checks.findings().add("a client of a storm failed: " + e);
    }
  }

  /**
   * Lets clients end what they do. Purchases that are not decided by then are given up.
   *
   * @return whether all clients ended in time
   */
  public boolean leave(Duration patience) throws InterruptedException {
    open = false;
    giveUpNanos = System.nanoTime() + patience.toNanos();
    boolean all = true;
    // A call under way when the patience ends has its own.
    Duration longest = patience.plus(PATIENCE).plusSeconds(1);
    for (Thread thread : threads) {
      all &= thread.join(longest);
    }
    return all;
  }

  /** Ends all clients at once. */
  @Override
  public void close() {
    open = false;
    threads.forEach(Thread::interrupt);
  }
}
