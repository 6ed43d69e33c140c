package toystore.toyctl.chaos.load;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.HttpConnection;
import toystore.client.http.NoResponsePolicy;
import toystore.protocol.message.NodeReply;

/** One client of a benchmark, with its measurements. It uses one connection at a time. */
final class BenchClient implements Runnable {
  private static final int CONNECT_MS = 1_000;
  private static final long RECONNECT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** The largest latency that the histograms can hold, in microseconds. */
  private static final long LONGEST_US = TimeUnit.HOURS.toMicros(1);

  private final int index;
  private final Schedule schedule;
  private final URI frontEnd;
  private final List<byte[]> requests;
  private final Duration timeout;

  private final Histogram latency = newHistogram();
  private final Histogram service = newHistogram();
  private final Map<String, Long> answers = new TreeMap<>();

  private @Nullable HttpConnection connection;

  /**
   * When the clients send their requests. Times are those of {@link System#nanoTime}.
   *
   * @param rate the number of requests a second of all clients together, or null to send each
   *     request when the response to the request before it has arrived
   */
  record Schedule(long beginNanos, long endNanos, int clients, @Nullable Double rate) {
    boolean isOver(long nanos) {
      return nanos - endNanos >= 0;
    }

    /** When a client must send its next request. Clients take turns, to avoid bursts. */
    private long due(long turn, int client) {
      return rate == null
          ? System.nanoTime()
          : beginNanos + (long) ((turn * clients + client) * (1e9 / rate));
    }
  }

  /**
   * @param index the number of this client, from 0
   * @param requests the requests that the client sends in turn
   * @param timeout the time limit of one request
   */
  BenchClient(int index, Schedule schedule, URI frontEnd, List<byte[]> requests, Duration timeout) {
    this.index = index;
    this.schedule = schedule;
    this.frontEnd = frontEnd;
    this.requests = List.copyOf(requests);
    this.timeout = timeout;
  }

  static Histogram newHistogram() {
    return new Histogram(LONGEST_US, 3);
  }

  /** Adds the measurements of this client to those of others. */
  void addTo(Histogram allLatency, Histogram allService, Map<String, Long> allAnswers) {
    allLatency.add(latency);
    allService.add(service);
    answers.forEach((answer, count) -> allAnswers.merge(answer, count, Long::sum));
  }

  @Override
  public void run() {
    try {
      for (long turn = 0; ; turn++) {
        long due = schedule.due(turn, index);
        if (schedule.isOver(due)) {
          return;
        }
        sleepUntil(due);
        long sent = System.nanoTime();
        if (schedule.isOver(sent)) {
          return;
        }
        String answer = send(requests.get((int) ((turn + index) % requests.size())));
        long now = System.nanoTime();
        answers.merge(answer, 1L, Long::sum);
        latency.recordValue(micros(now - (schedule.rate == null ? sent : due)));
        service.recordValue(micros(now - sent));
      }
    } finally {
      disconnect();
    }
  }

  private static long micros(long nanos) {
    return Math.clamp(nanos / 1_000, 0, LONGEST_US);
  }

  private static void sleepUntil(long nanoTime) {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** Sends a request and returns the status of the response, or "no answer". */
  private String send(byte[] request) {
    try {
      HttpConnection open = connection;
      if (open == null) {
        open = HttpConnection.open(frontEnd.getHost(), frontEnd.getPort(), CONNECT_MS);
        connection = open;
      }
      NodeReply reply = open.exchange(request, Deadline.in(timeout), NoResponsePolicy.NONE);
      if (!open.reusable()) {
        disconnect();
      }
      return Integer.toString(reply.status());
    } catch (IOException _) {
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
