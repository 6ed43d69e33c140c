package toystore.toyctl.chaos.load;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Measures latency and throughput with clients that send one kind of request.
 *
 * <p>With a rate, the load is an open loop: each request is due at a time that does not depend on
 * earlier responses, and its latency counts from that time. If the store pauses for a second, the
 * latencies of all requests that are due in that second include the pause. A closed loop would
 * measure the pause only in the requests in progress (Tene's "coordinated omission").
 */
public final class BenchRun {
  private final List<URI> frontEnds;
  private final List<String> products;
  private final BenchRequest request;
  private final int clients;
  private final @Nullable Double rate;
  private final Duration timeout;

  /**
   * @param frontEnds URLs of the front ends; the clients are distributed over them
   * @param products the names of the products to read or buy
   * @param rate the number of requests a second of all clients together, or null for a closed loop
   * @param timeout the time limit of one request
   */
  public BenchRun(
      List<String> frontEnds,
      List<String> products,
      BenchRequest request,
      int clients,
      @Nullable Double rate,
      Duration timeout) {
    this.frontEnds = frontEnds.stream().map(URI::create).toList();
    this.products = List.copyOf(products);
    this.request = request;
    this.clients = clients;
    this.rate = rate;
    this.timeout = timeout;
  }

  /** Runs all clients for the given time and combines their measurements. */
  public BenchReport run(Duration duration) throws InterruptedException {
    long begin = System.nanoTime();
    BenchClient.Schedule schedule =
        new BenchClient.Schedule(begin, begin + duration.toNanos(), clients, rate);
    List<BenchClient> all = new ArrayList<>(clients);
    List<Thread> threads = new ArrayList<>(clients);
    for (int i = 0; i < clients; i++) {
      BenchClient client = client(i, schedule);
      all.add(client);
      threads.add(Thread.ofPlatform().daemon().name("bench-" + i).start(client));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return report(all, duration, (System.nanoTime() - begin) / 1e9);
  }

  private BenchClient client(int index, BenchClient.Schedule schedule) {
    URI frontEnd = frontEnds.get(index % frontEnds.size());
    List<byte[]> requests =
        products.stream().map(product -> request.bytes(frontEnd, product)).toList();
    return new BenchClient(index, schedule, frontEnd, requests, timeout);
  }

  private BenchReport report(List<BenchClient> all, Duration planned, double seconds) {
    Histogram latency = BenchClient.newHistogram();
    Histogram service = BenchClient.newHistogram();
    Map<String, Long> answers = new TreeMap<>();
    all.forEach(client -> client.addTo(latency, service, answers));
    long due =
        rate == null ? latency.getTotalCount() : Math.round(rate * (planned.toNanos() / 1e9));
    return new BenchReport(
        request.name().toLowerCase(Locale.ROOT),
        clients,
        rate,
        seconds,
        answers,
        Math.max(0, due - latency.getTotalCount()),
        BenchReport.Latency.of(latency),
        BenchReport.Latency.of(service));
  }
}
