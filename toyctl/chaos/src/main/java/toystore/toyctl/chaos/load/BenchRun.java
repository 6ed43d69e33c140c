package toystore.toyctl.chaos.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.HttpConnection;
import toystore.client.http.SilenceCheck;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.NodeReply;
import toystore.toyctl.cluster.HttpApi;

/**
 * Clients that ask one kind of request again and again, each over a connection of its own.
 *
 * <p>With a rate the load is open: each request is due at a time that does not depend on earlier
 * answers, and its latency counts from there. So a store that stands still for a second is charged
 * for all that was due in it, and not for the one request that happened to be under way (Tene's
 * "coordinated omission").
 */
public final class BenchRun {
  /** Which request. */
  public enum What {
    PURCHASE,
    READ
  }

  private static final int CONNECT_MS = 1_000;
  private static final long RECONNECT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Longest latency that is told apart, in microseconds. */
  private static final long LONGEST_US = TimeUnit.HOURS.toMicros(1);

  private final List<URI> frontEnds;
  private final List<String> names;
  private final What what;
  private final int clients;
  private final @Nullable Double rate;
  private final Duration timeout;

  /**
   * A bench of so many clients.
   *
   * @param frontEnds their addresses; clients are spread over them
   * @param names of products that there are
   * @param rate requests a second of all clients together; null: a closed loop
   * @param timeout of one request
   */
  public BenchRun(
      List<String> frontEnds,
      List<String> names,
      What what,
      int clients,
      @Nullable Double rate,
      Duration timeout) {
    this.frontEnds = frontEnds.stream().map(URI::create).toList();
    this.names = List.copyOf(names);
    this.what = what;
    this.clients = clients;
    this.rate = rate;
    this.timeout = timeout;
  }

  /** Runs all clients for so long and adds up what they saw. */
  public BenchReport run(Duration duration) throws InterruptedException {
    long begin = System.nanoTime();
    long end = begin + duration.toNanos();
    List<Client> all = new ArrayList<>(clients);
    List<Thread> threads = new ArrayList<>(clients);
    for (int i = 0; i < clients; i++) {
      Client client = new Client(i, begin, end);
      all.add(client);
      threads.add(Thread.ofPlatform().daemon().name("bench-" + i).start(client));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    Histogram latency = new Histogram(LONGEST_US, 3);
    Histogram service = new Histogram(LONGEST_US, 3);
    Map<String, Long> answers = new TreeMap<>();
    for (Client client : all) {
      latency.add(client.latency);
      service.add(client.service);
      client.answers.forEach((answer, count) -> answers.merge(answer, count, Long::sum));
    }
    long planned = rate == null ? latency.getTotalCount() : Math.round(rate * seconds(duration));
    return new BenchReport(
        what.name().toLowerCase(java.util.Locale.ROOT),
        clients,
        rate,
        seconds,
        answers,
        Math.max(0, planned - latency.getTotalCount()),
        BenchReport.Latency.of(latency),
        BenchReport.Latency.of(service));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /** One client and what it saw. */
  private final class Client implements Runnable {
    private final int index;
    private final long begin;
    private final long end;
    private final URI frontEnd;
    private final List<byte[]> requests;

    final Histogram latency = new Histogram(LONGEST_US, 3);
    final Histogram service = new Histogram(LONGEST_US, 3);
    final Map<String, Long> answers = new TreeMap<>();

    private @Nullable HttpConnection connection;

    Client(int index, long begin, long end) {
      this.index = index;
      this.begin = begin;
      this.end = end;
      this.frontEnd = frontEnds.get(index % frontEnds.size());
      this.requests = names.stream().map(this::request).toList();
    }

    private byte[] request(String name) {
      byte[] body =
          what == What.PURCHASE ? Json.toJson(Map.of("name", name, "quantity", 1)) : new byte[0];
      String head =
          (what == What.PURCHASE
                  ? "POST "
                      + ApiPaths.ORDERS
                      + " HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
                      + body.length
                      + "\r\n"
                  : "GET " + ApiPaths.PRODUCTS + "/" + HttpApi.encode(name) + " HTTP/1.1\r\n")
              + "Host: "
              + frontEnd.getAuthority()
              + "\r\n\r\n";
      byte[] start = head.getBytes(UTF_8);
      byte[] request = new byte[start.length + body.length];
      System.arraycopy(start, 0, request, 0, start.length);
      System.arraycopy(body, 0, request, start.length, body.length);
      return request;
    }

    @Override
    public void run() {
      try {
        for (long turn = 0; ; turn++) {
          long due = due(turn);
          if (due - end >= 0) {
            return;
          }
          sleepUntil(due);
          long sent = System.nanoTime();
          if (sent - end >= 0) {
            return;
          }
          String answer = ask(requests.get((int) ((turn + index) % requests.size())));
          long now = System.nanoTime();
          answers.merge(answer, 1L, Long::sum);
          latency.recordValue(micros(now - (rate == null ? sent : due)));
          service.recordValue(micros(now - sent));
        }
      } finally {
        disconnect();
      }
    }

    /** Clients take turns, so that requests are due evenly and not in bursts. */
    private long due(long turn) {
      return rate == null
          ? System.nanoTime()
          : begin + (long) ((turn * clients + index) * (1e9 / rate));
    }

    private static void sleepUntil(long nanoTime) {
      for (long left = nanoTime - System.nanoTime();
          left > 0;
          left = nanoTime - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }

    /** The status of the answer, or why there is none. */
    private String ask(byte[] request) {
      try {
        HttpConnection open = connection;
        if (open == null) {
          open = HttpConnection.open(frontEnd.getHost(), frontEnd.getPort(), CONNECT_MS);
          connection = open;
        }
        NodeReply reply = open.exchange(request, Deadline.in(timeout), SilenceCheck.BORNE);
        if (!open.reusable()) {
          disconnect();
        }
        return Integer.toString(reply.status());
      } catch (IOException e) {
        disconnect();
        LockSupport.parkNanos(RECONNECT_NANOS);
        return "no answer";
      }
    }

    private void disconnect() {
      if (connection != null) {
        connection.close();
        connection = null;
      }
    }
  }

  private static long micros(long nanos) {
    return Math.clamp(nanos / 1_000, 0, LONGEST_US);
  }
}
