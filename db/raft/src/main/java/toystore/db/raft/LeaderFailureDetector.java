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
 * Notices at once that the process of the leader has ended: a connection to its port ends, and the
 * next one is refused. Silence alone takes an election timeout, and it is all there is when a host
 * or the network is gone. A connection that ends while the port still takes new ones means nothing.
 */
final class LeaderFailureDetector implements AutoCloseable {
  private static final int CONNECT_MS = 1_000;
  private static final long SHORTEST_PAUSE_MS = 5;
  private static final long LONGEST_PAUSE_MS = 160;

  private final Consumer<Member> gone;
  private @Nullable Watching watching;
  private boolean closed;

  /**
   * A watch on nobody yet.
   *
   * @param gone told of a leader whose process has ended; may block
   */
  LeaderFailureDetector(Consumer<Member> gone) {
    this.gone = gone;
  }

  /** Watches this member from now on and no other; null for none. Does not block. */
  synchronized void watch(@Nullable Member leader) {
    if (watching != null) {
      if (Objects.equals(watching.leader, leader)) {
        return;
      }
      watching.end();
      watching = null;
    }
    if (leader != null && !closed) {
      watching = new Watching(leader);
      Thread.ofVirtual().name("watch-" + leader.name()).start(watching::run);
    }
  }

  /** Whether the end of the watched leader's process would be noticed now. */
  synchronized boolean connected() {
    return watching != null && watching.wasThere;
  }

  /** How often the watched leader was to be connected with. */
  synchronized int attempts() {
    return watching == null ? 0 : watching.attempts.get();
  }

  @Override
  public synchronized void close() {
    closed = true;
    watch(null);
  }

  private final class Watching {
    private final Member leader;
    private volatile Socket socket = new Socket(Proxy.NO_PROXY);
    private volatile boolean wasThere;
    private final AtomicInteger attempts = new AtomicInteger();
    private volatile boolean ended;

    private Watching(Member leader) {
      this.leader = leader;
    }

    private void run() {
      long pauseMs = 0;
      try {
        while (!ended) {
          // A process that ends may take one more connection: look again soon, then less often.
          Thread.sleep(pauseMs);
          pauseMs = Math.clamp(2 * pauseMs, SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS);
          attempts.incrementAndGet();
          long begun = System.nanoTime();
          try (Socket connection = new Socket(Proxy.NO_PROXY)) {
            socket = connection;
            if (ended) {
              return;
            }
            connection.connect(new InetSocketAddress(leader.host(), leader.port()), CONNECT_MS);
            RaftConnection.noticeDeath(connection);
            wasThere = true;
            awaitEnd(connection.getInputStream());
          } catch (ConnectException _) {
            if (wasThere && !ended) {
              wasThere = false;
              gone.accept(leader);
            }
          } catch (IOException _) {
            // Reset, or not reached: the next connection tells.
          }
          if (System.nanoTime() - begun > TimeUnit.MILLISECONDS.toNanos(LONGEST_PAUSE_MS)) {
            pauseMs = 0;
          }
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }

    /** The peer may greet; nothing that it says matters. */
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
            .log(System.Logger.Level.DEBUG, "closing a watch failed", e);
      }
    }
  }
}
