package toystore.toyctl.chaos.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import toystore.client.ApiHttpClient;
import toystore.client.StoreClient;

/** Concurrent clients of a store. Each has its own thread and its own connections. */
public final class Workload implements AutoCloseable {
  /** Longer than the deadline of a front end, which is 10 s by default. */
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(12);

  private static final Duration UNLIMITED = Duration.ofDays(1000);

  private final List<String> frontEnds;
  private final List<String> products;
  private final WorkloadProfile profile;
  private final WorkloadMonitor monitor;
  private final long seed;

  // The seed repeats the choices of clients, but each run needs new keys: a store never forgets a
  // key.
  private final String runId = UUID.randomUUID().toString().substring(0, 8);
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger storms = new AtomicInteger();
  private volatile boolean running = true;
  private volatile long giveUpNanos = System.nanoTime() + UNLIMITED.toNanos();

  /**
   * A workload that has no clients yet.
   *
   * @param frontEnds URLs of the form {@code http://host:port}
   */
  public Workload(
      List<String> frontEnds,
      List<String> products,
      WorkloadProfile profile,
      long seed,
      WorkloadMonitor monitor) {
    this.frontEnds = List.copyOf(frontEnds);
    this.products = List.copyOf(products);
    this.profile = profile;
    this.seed = seed;
    this.monitor = monitor;
  }

  /** Starts the given number of clients. */
  public void start(int clients) {
    for (int i = 0; i < clients; i++) {
      int id = threads.size();
      threads.add(Thread.ofVirtual().name("client " + id).start(() -> runClient(id)));
    }
  }

  private void runClient(int id) {
    try (ApiHttpClient http = new ApiHttpClient()) {
      WorkloadClient client = client(http, id, new Random(seed + id));
      while (running) {
        client.step();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      monitor.violations().add("client " + id + " failed: " + e);
    }
  }

  private WorkloadClient client(ApiHttpClient http, int id, Random random) {
    return new WorkloadClient(
        new StoreClient(http, frontEnds, id % frontEnds.size()),
        REQUEST_TIMEOUT,
        products,
        profile,
        monitor,
        random,
        runId + "-" + id + "-",
        () -> System.nanoTime() - giveUpNanos < 0);
  }

  /**
   * Makes several clients send the same purchase with the same key concurrently, each through
   * another front end, until each has an answer; then the next purchase. Stops early if a purchase
   * has no answer within the timeout.
   *
   * @return whether all clients received an answer
   */
  public boolean retryStorm(int purchases, int clients, Duration timeout)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    Random random = new Random(seed ^ storms.incrementAndGet());
    for (int i = 0; i < purchases; i++) {
      String name = products.get(random.nextInt(products.size()));
      int quantity = 1 + random.nextInt(profile.maxQuantity());
      String key = runId + "-storm-" + storms.get() + "-" + i;
      if (!buyConcurrently(name, quantity, key, clients, deadline)) {
        return false;
      }
    }
    return true;
  }

  private boolean buyConcurrently(
      String name, int quantity, String key, int clients, long deadlineNanos)
      throws InterruptedException {
    List<Thread> buyers = new ArrayList<>();
    for (int client = 0; client < clients; client++) {
      int id = client;
      buyers.add(
          Thread.ofVirtual()
              .name("retry storm " + id)
              .start(() -> buyWithSharedKey(id, name, quantity, key)));
    }
    boolean answered = true;
    for (Thread buyer : buyers) {
      answered &= buyer.join(Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime())));
    }
    if (!answered) {
      buyers.forEach(Thread::interrupt);
    }
    return answered;
  }

  private void buyWithSharedKey(int id, String name, int quantity, String key) {
    try (ApiHttpClient http = new ApiHttpClient()) {
      client(http, id, new Random(seed)).buyWithSharedKey(name, quantity, key);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      monitor.violations().add("a client of a retry storm failed: " + e);
    }
  }

  /**
   * Stops the clients after their current requests. When the timeout has passed, clients give up
   * purchases that have no outcome.
   *
   * @return whether all clients ended in time
   */
  public boolean stop(Duration timeout) throws InterruptedException {
    running = false;
    giveUpNanos = System.nanoTime() + timeout.toNanos();
    boolean allEnded = true;
    // A request that is in progress when the timeout passes still has its own timeout.
    Duration limit = timeout.plus(REQUEST_TIMEOUT).plusSeconds(1);
    for (Thread thread : threads) {
      allEnded &= thread.join(limit);
    }
    return allEnded;
  }

  /** Interrupts all clients. */
  @Override
  public void close() {
    running = false;
    threads.forEach(Thread::interrupt);
  }
}
