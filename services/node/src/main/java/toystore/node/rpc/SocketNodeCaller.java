package toystore.node.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.HttpConnection;
import toystore.client.http.NoResponsePolicy;
import toystore.client.http.PersistentConnection;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

/**
 * Calls other nodes over blocking sockets, on the thread that waits for the response.
 *
 * <p>Nodes call each other for every purchase, and the cost of a call is mostly the number of
 * threads and the amount of code that it passes through. The median of one exchange of 150 bytes
 * with a Helidon server on the same machine with two cores was 281 µs (400 µs of CPU time) with the
 * client of the JDK, 148 µs (120 µs) with the client of Helidon, and 45 µs (23 µs) with HTTP on
 * blocking sockets. On a JVM that has not warmed up the ratios are larger. {@link MessageFrames}
 * run even less code on both sides.
 */
public final class SocketNodeCaller implements NodeCaller, AutoCloseable {
  private static final long GUARD_INTERVAL_MS = 200;
  private static final String HTTP = "http://";

  /** The connections to one node. */
  private static final class Callee {
    final String authority;
    final ConnectionPool forMessages;
    final ConnectionPool forHttp;

    Callee(String host, int port, String authority) {
      this.authority = authority;
      this.forMessages = new ConnectionPool(host, port, true);
      this.forHttp = new ConnectionPool(host, port, false);
    }

    void closeOldest() {
      forMessages.closeOldest();
      forHttp.closeOldest();
    }

    void closeAll() {
      forMessages.closeAll();
      forHttp.closeAll();
    }
  }

  private final long connectMs;
  private final Map<String, Callee> callees = new ConcurrentHashMap<>();
  private final Set<PersistentConnection> busy = ConcurrentHashMap.newKeySet();
  private final ScheduledThreadPoolExecutor guard;
  private volatile boolean closed;

  /**
   * Creates a caller with its own connections.
   *
   * @param connectTimeout how long a call waits at most for a connection to a host that is down
   */
  public SocketNodeCaller(Duration connectTimeout) {
    connectMs = connectTimeout.toMillis();
    guard =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("call-guard").factory());
    guard.scheduleWithFixedDelay(
        this::closeOverdue, GUARD_INTERVAL_MS, GUARD_INTERVAL_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * Closes connections whose exchange is overdue. A read has a time limit of its own, but a write
   * to a node that is paused and whose buffers are full has none.
   */
  private void closeOverdue() {
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
                NoResponsePolicy silence =
                    new NoResponsePolicy(
                        Duration.ofMillis(GUARD_INTERVAL_MS), () -> !reply.isDone());
                reply.complete(send(url, body, timeout, silence));
              } catch (IOException | RuntimeException | Error e) {
                reply.completeExceptionally(e);
              }
            });
    return reply;
  }

  @Override
  public NodeReply send(
      String url, byte @Nullable [] body, Duration timeout, NoResponsePolicy silence)
      throws IOException {
    Deadline deadline = Deadline.in(timeout);
    int pathStart = url.indexOf('/', HTTP.length());
    Callee callee = callees.computeIfAbsent(url.substring(0, pathStart), SocketNodeCaller::callee);
    String path = url.substring(pathStart);
    byte[] request =
        body == null
            ? HttpConnection.get(callee.authority, path)
            : MessageFrames.request(path, body);
    ConnectionPool pool = body == null ? callee.forHttp : callee.forMessages;
    while (!deadline.passed()) {
      PersistentConnection kept = pool.take();
      PersistentConnection connection = kept != null ? kept : open(pool, deadline);
      try {
        return exchange(connection, request, deadline, silence, pool);
      } catch (PersistentConnection.StaleException e) {
        // The node has closed an idle connection, or was restarted. A new connection may work.
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
      NoResponsePolicy silence,
      ConnectionPool pool)
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
        pool.putBack(connection);
      } else {
        connection.close();
      }
    }
  }

  private PersistentConnection open(ConnectionPool pool, Deadline deadline) throws IOException {
    if (closed) {
      throw new IOException("the caller is closed");
    }
    return pool.open((int) Math.min(connectMs, deadline.left().toMillis()));
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
    callees.values().forEach(Callee::closeAll);
  }
}
