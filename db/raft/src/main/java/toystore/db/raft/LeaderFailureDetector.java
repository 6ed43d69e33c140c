package toystore.db.raft;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import toystore.db.log.Member;
import toystore.db.raft.transport.RaftConnection;

/**
 * Detects at once that the process of the leader has ended: a connection to its port ends, and the
 * next one is refused. If the leader's host or the network has failed, only the election timeout
 * reveals it. A connection that ends while the port accepts new ones has no meaning.
 */
final class LeaderFailureDetector implements AutoCloseable {
  private static final int CONNECT_MS = 1_000;
  private static final long MIN_PAUSE_MS = 5;
  private static final long MAX_PAUSE_MS = 160;

  private final Consumer<Member> onProcessEnd;
  private @Nullable Watch watch;
  private boolean closed;

  /**
   * Creates a detector that watches no member.
   *
   * @param onProcessEnd called with a leader whose process has ended; may block
   */
  LeaderFailureDetector(Consumer<Member> onProcessEnd) {
    this.onProcessEnd = onProcessEnd;
  }

  /** Watches this member instead of any earlier one; null for none. Does not block. */
  synchronized void watch(@Nullable Member leader) {
    if (watch != null) {
      if (Objects.equals(watch.leader, leader)) {
        return;
      }
      watch.end();
      watch = null;
    }
    if (leader != null && !closed) {
      watch = new Watch(leader);
      Thread.ofVirtual().name("watch-" + leader.name()).start(watch::run);
    }
  }

  /** Whether the end of the watched leader's process would be detected now. */
  synchronized boolean isConnected() {
    return watch != null && watch.connected;
  }

  /** Number of attempts to connect to the watched leader. */
  synchronized int connectAttempts() {
    return watch == null ? 0 : watch.attempts.get();
  }

  @Override
  public synchronized void close() {
    closed = true;
    watch(null);
  }

  private final class Watch {
    private final Member leader;
    private volatile Socket socket = new Socket(Proxy.NO_PROXY);
    private volatile boolean connected;
    private final AtomicInteger attempts = new AtomicInteger();
    private volatile boolean ended;

    private Watch(Member leader) {
      this.leader = leader;
    }

    private void run() {
      long pauseMs = 0;
      try {
        while (!ended) {
          // A process that is ending may accept one more connection: retry soon, then less often.
          Thread.sleep(pauseMs);
          pauseMs = Math.clamp(2 * pauseMs, MIN_PAUSE_MS, MAX_PAUSE_MS);
          attempts.incrementAndGet();
          long startedAt = System.nanoTime();
          try (Socket connection = new Socket(Proxy.NO_PROXY)) {
            socket = connection;
            if (ended) {
              return;
            }
            connection.connect(new InetSocketAddress(leader.host(), leader.port()), CONNECT_MS);
            RaftConnection.enableKeepAlive(connection);
            connected = true;
            awaitEnd(connection.getInputStream());
          } catch (ConnectException _) {
            if (connected && !ended) {
              connected = false;
              onProcessEnd.accept(leader);
            }
          } catch (IOException _) {
            // Reset or not reached: the next attempt shows whether the process has ended.
          }
          if (System.nanoTime() - startedAt > TimeUnit.MILLISECONDS.toNanos(MAX_PAUSE_MS)) {
            pauseMs = 0;
          }
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }

    /** Reads until the connection ends, and ignores what the peer sends. */
    private static void awaitEnd(InputStream in) throws IOException {
      byte[] ignored = new byte[256];
      int length = 0;
      while (length >= 0) {
        length = in.read(ignored);
      }
    }

    private void end() {
      ended = true;
      try {
        socket.close();
      } catch (IOException e) {
        System.getLogger(LeaderFailureDetector.class.getName())
            .log(System.Logger.Level.DEBUG, "a connection did not close cleanly", e);
      }
    }
  }
}
