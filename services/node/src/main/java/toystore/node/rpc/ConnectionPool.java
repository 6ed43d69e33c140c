package toystore.node.rpc;

import java.io.IOException;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.client.http.HttpConnection;
import toystore.client.http.PersistentConnection;

/**
 * The idle connections to one node, of one protocol. The connection that was used last is used
 * first, so that the connections of a busy time become old and are closed.
 */
final class ConnectionPool {
  /** Less than Helidon's limit for idle connections, which is five minutes. */
  private static final long MAX_IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final String host;
  private final int port;
  private final boolean messages;
  private final Deque<PersistentConnection> idle = new ConcurrentLinkedDeque<>();

  /**
   * Creates an empty pool.
   *
   * @param messages whether the connections carry messages; otherwise they carry HTTP
   */
  ConnectionPool(String host, int port, boolean messages) {
    this.host = host;
    this.port = port;
    this.messages = messages;
  }

  /** Opens a connection that is not in the pool. */
  PersistentConnection open(int connectMs) throws IOException {
    return messages
        ? MessageConnection.open(host, port, connectMs)
        : HttpConnection.open(host, port, connectMs);
  }

  /** Takes the connection that was used last, or returns null if none is idle. */
  @Nullable PersistentConnection take() {
    while (true) {
      PersistentConnection connection = idle.poll();
      if (connection == null || !isOld(connection)) {
        return connection;
      }
      connection.close();
    }
  }

  /** Adds a connection after its use. */
  void putBack(PersistentConnection connection) {
    connection.markNanos = System.nanoTime();
    idle.push(connection);
  }

  /** Closes the connection that has been idle longest, if it is old. */
  void closeOldest() {
    PersistentConnection oldest = idle.peekLast();
    if (oldest != null && isOld(oldest) && idle.removeLastOccurrence(oldest)) {
      oldest.close();
    }
  }

  void closeAll() {
    idle.forEach(PersistentConnection::close);
  }

  private static boolean isOld(PersistentConnection connection) {
    return System.nanoTime() - connection.markNanos > MAX_IDLE_NANOS;
  }
}
