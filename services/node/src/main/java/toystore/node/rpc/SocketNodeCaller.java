package toystore.node.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.HttpConnection;
import toystore.client.http.PersistentConnection;
import toystore.client.http.SilenceCheck;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

/**
 * Calls on plain blocking sockets, by the thread that wants the answer.
 *
 * <p>Nodes talk to each other for every purchase, and what a call costs is mostly how many threads
 * and how much code it passes through. One exchange of 150 bytes with a Helidon server on the same
 * machine, two cores, at its median: 281 µs and 400 µs of CPU with the JDK's client, 148 µs and 120
 * µs with Helidon's, 45 µs and 23 µs with an own HTTP; on a JVM that has not warmed up the ratios
 * are larger. Messages go as {@link MessageFrames}, which are still less code on both sides.
 */
public final class SocketNodeCaller implements NodeCaller, AutoCloseable {
  /** Below Helidon's own limit for idle connections, which is five minutes. */
  private static final long MAX_IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private static final long GUARD_MS = 200;
  private static final String HTTP = "http://";

  /** A node, and the connections to it that are free. */
  private static final class Callee {
    final String host;
    final int port;
    final String authority;
    final Deque<PersistentConnection> forMessages = new ConcurrentLinkedDeque<>();
    final Deque<PersistentConnection> forHttp = new ConcurrentLinkedDeque<>();

    Callee(String host, int port, String authority) {
      this.host = host;
      this.port = port;
      this.authority = authority;
    }

    Deque<PersistentConnection> idle(boolean messages) {
      return messages ? forMessages : forHttp;
    }

    void closeOldest() {
      closeOldest(forMessages);
      closeOldest(forHttp);
    }

    /** Closes the connection that has been free for longest, if that is long. */
    private static void closeOldest(Deque<PersistentConnection> kept) {
      PersistentConnection oldest = kept.peekLast();
      if (oldest != null && isOld(oldest) && kept.removeLastOccurrence(oldest)) {
        oldest.close();
      }
    }

    void close() {
      forMessages.forEach(PersistentConnection::close);
      forHttp.forEach(PersistentConnection::close);
    }
  }

  private final long connectMs;
  private final Map<String, Callee> callees = new ConcurrentHashMap<>();
  private final Set<PersistentConnection> busy = ConcurrentHashMap.newKeySet();
  private final ScheduledThreadPoolExecutor guard;
  private volatile boolean closed;

  /**
   * A caller with connections of its own.
   *
   * @param connectTimeout how long a dead host may keep a call from trying the next one
   */
  public SocketNodeCaller(Duration connectTimeout) {
    connectMs = connectTimeout.toMillis();
    guard =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("call-guard").factory());
    guard.scheduleWithFixedDelay(this::endOverdue, GUARD_MS, GUARD_MS, TimeUnit.MILLISECONDS);
  }

  // A read has a time limit of its own; a write to a node that is paused with full buffers has not.
  private void endOverdue() {
    long now = System.nanoTime();
    for (PersistentConnection connection : busy) {
      if (connection.markNanos - now < 0) {
        connection.close();
      }
    }
    callees.values().forEach(Callee::closeOldest);
  }

  @Override
  public CompletableFuture<NodeReply> call(String url, byte @Nullable [] body, Duration timeout) {
    CompletableFuture<NodeReply> reply = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("call")
        .start(
            () -> {
              try {
                SilenceCheck silence =
                    new SilenceCheck(Duration.ofMillis(GUARD_MS), () -> !reply.isDone());
                reply.complete(send(url, body, timeout, silence));
              } catch (IOException | RuntimeException | Error e) {
                reply.completeExceptionally(e);
              }
            });
    return reply;
  }

  @Override
  public NodeReply send(String url, byte @Nullable [] body, Duration timeout, SilenceCheck silence)
      throws IOException {
    Deadline deadline = Deadline.in(timeout);
    int pathStart = url.indexOf('/', HTTP.length());
    Callee callee = callees.computeIfAbsent(url.substring(0, pathStart), SocketNodeCaller::callee);
    String path = url.substring(pathStart);
    byte[] request =
        body == null
            ? HttpConnection.get(callee.authority, path)
            : MessageFrames.request(path, body);
    boolean messages = body != null;
    Deque<PersistentConnection> idle = callee.idle(messages);
    while (!deadline.passed()) {
      PersistentConnection kept = takeIdle(idle);
      PersistentConnection connection = kept != null ? kept : open(callee, messages, deadline);
      try {
        return exchange(connection, request, deadline, silence, idle);
      } catch (PersistentConnection.StaleException e) {
        // A node closes what was idle for long, and one that was restarted knows none of it.
        if (kept == null) {
          throw e;
        }
      }
    }
    throw new IOException("no time is left for a call to " + url);
  }

  private NodeReply exchange(
      PersistentConnection connection,
      byte[] request,
      Deadline deadline,
      SilenceCheck silence,
      Deque<PersistentConnection> idle)
      throws IOException {
    connection.markNanos = deadline.nanoTime();
    busy.add(connection);
    boolean keep = false;
    try {
      NodeReply reply = connection.exchange(request, deadline, silence);
      keep = connection.reusable && !closed;
      return reply;
    } finally {
      busy.remove(connection);
      if (keep) {
        connection.markNanos = System.nanoTime();
        idle.push(connection);
      } else {
        connection.close();
      }
    }
  }

  private PersistentConnection open(Callee to, boolean messages, Deadline deadline)
      throws IOException {
    if (closed) {
      throw new IOException("the caller is closed");
    }
    int mostMs = (int) Math.min(connectMs, deadline.left().toMillis());
    return messages
        ? MessageConnection.open(to.host, to.port, mostMs)
        : HttpConnection.open(to.host, to.port, mostMs);
  }

  /** The connection that was used last, so that those of a busy moment grow old and are closed. */
  private static @Nullable PersistentConnection takeIdle(Deque<PersistentConnection> idle) {
    while (true) {
      PersistentConnection connection = idle.poll();
      if (connection == null || !isOld(connection)) {
        return connection;
      }
      connection.close();
    }
  }

  private static boolean isOld(PersistentConnection connection) {
    return System.nanoTime() - connection.markNanos > MAX_IDLE_NANOS;
  }

  private static Callee callee(String base) {
    String authority = base.substring(HTTP.length());
    int colon = authority.lastIndexOf(':');
    if (!base.startsWith(HTTP) || colon < 0) {
      throw new IllegalArgumentException("not an address of a node: " + base);
    }
    return new Callee(
        authority.substring(0, colon), Integer.parseInt(authority.substring(colon + 1)), authority);
  }

  @Override
  public void close() {
    closed = true;
    guard.shutdownNow();
    busy.forEach(PersistentConnection::close);
    callees.values().forEach(Callee::close);
  }
}
