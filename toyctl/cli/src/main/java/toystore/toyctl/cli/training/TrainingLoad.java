package toystore.toyctl.cli.training;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.client.StoreClient;
import toystore.toyctl.chaos.load.BenchRequest;
import toystore.toyctl.chaos.load.BenchRun;
import toystore.toyctl.chaos.load.LoadClient;
import toystore.toyctl.chaos.load.LoadStatistics;

/** The load during training. It ignores failed requests, because only the caches matter. */
final class TrainingLoad {
  static final String PRODUCTS =
      """
      name,price,quantity
      Tux,15.99,1000000000
      Whale,9.99,1000000000
      Fox,7.50,1000000000
      Lego,29.00,1000000000
      """;

  private static final List<String> NAMES = List.of("Tux", "Whale", "Fox", "Lego");

  /** Clients that send every kind of request. */
  private static final int CLIENTS = 2;

  /** Clients that only buy. */
  private static final int BUYERS = 24;

  /** Clients that only read products. */
  private static final int READERS = 4;

  private static final double READS_PER_SECOND = 400;

  /**
   * How long the load continues after the given work. Profiles of code that ran only a few times
   * are useless.
   */
  private static final Duration TIME_AFTER_WORK = Duration.ofSeconds(15);

  /** How often buyers and readers check whether they must end. */
  private static final Duration BENCH_RUN = Duration.ofSeconds(1);

  private static final Duration POLL = Duration.ofMillis(100);

  private TrainingLoad() {}

  /** Work that is done under load. */
  @FunctionalInterface
  interface Work {
    void run() throws IOException, InterruptedException;
  }

  /**
   * Does the work under load, and continues the load for {@link #TIME_AFTER_WORK} after it.
   *
   * @param timeout the limit for each request
   */
  static void run(String frontEnd, Duration timeout, Work work)
      throws IOException, InterruptedException {
    AtomicBoolean ending = new AtomicBoolean();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int id = i;
      threads.add(Thread.ofPlatform().start(() -> runMixedClient(frontEnd, id, timeout, ending)));
    }
    List<String> frontEnds = List.of(frontEnd);
    threads.add(
        startBench(
            new BenchRun(frontEnds, NAMES, BenchRequest.PURCHASE, BUYERS, null, timeout), ending));
    threads.add(
        startBench(
            new BenchRun(frontEnds, NAMES, BenchRequest.READ, READERS, READS_PER_SECOND, timeout),
            ending));
    try {
      work.run();
      Deadline end = Deadline.in(TIME_AFTER_WORK);
      while (!end.passed()) {
        end.pause(POLL);
      }
    } finally {
      ending.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  private static Thread startBench(BenchRun bench, AtomicBoolean ending) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                while (!ending.get()) {
                  var _ = bench.run(BENCH_RUN);
                }
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private static void runMixedClient(
      String frontEnd, int id, Duration timeout, AtomicBoolean ending) {
    try (ApiHttpClient http = new ApiHttpClient()) {
      var _ =
          new LoadClient(
                  new StoreClient(http, List.of(frontEnd), 0),
                  new LoadStatistics(),
                  NAMES,
                  1.0,
                  timeout,
                  new Random(id))
              .run(() -> !ending.get());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
