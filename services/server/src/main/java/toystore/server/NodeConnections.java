package toystore.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;

/**
 * Connections on which nodes send each other batches are served by platform threads. They are few,
 * they stay, and each purchase comes through three of them. A request wakes a virtual thread by way
 * of a poller and a carrier, and each time that it waits for the log, or for another node, again; a
 * platform thread is woken by the kernel. All others may be thousands, and stay virtual.
 */
final class NodeConnections implements ServerConnectionSelector {
  private static final System.Logger LOG = System.getLogger(NodeConnections.class.getName());

  /** More than nodes need at a time; further connections are served like others. */
  private static final int MOST_THREADS = 64;

  private final ServerConnectionSelector http;
  private final byte[] beginning;
  private final Semaphore threads = new Semaphore(MOST_THREADS);

  /**
   * A selector for one listener.
   *
   * @param http what the connections speak
   * @param beginning how the first request of such a connection begins
   */
  NodeConnections(ServerConnectionSelector http, String beginning) {
    this.http = http;
    this.beginning = beginning.getBytes(US_ASCII);
  }

  @Override
  public int bytesToIdentifyConnection() {
    return http.bytesToIdentifyConnection();
  }

  @Override
  public Support supports(BufferData data) {
    return http.supports(data);
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    return new Connection(context, http.connection(context));
  }

  private final class Connection implements ServerConnection, InterruptableTask<Void> {
    private final ConnectionContext context;
    private final ServerConnection served;

    /** No request has begun yet. */
    private volatile boolean quiet = true;

    /** The one that Helidon gave this connection, until another one serves it. */
    private final Thread waiting = Thread.currentThread();

    Connection(ConnectionContext context, ServerConnection served) {
      this.context = context;
      this.served = served;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
      boolean ofNode = ofNode();
      quiet = false;
      if (!ofNode || !threads.tryAcquire()) {
        served.handle(limit);
        return;
      }
      CompletableFuture<Void> end = new CompletableFuture<>();
      Thread thread =
          Thread.ofPlatform().daemon().name("node-call").unstarted(() -> serve(limit, end));
      try {
        thread.start();
      } catch (OutOfMemoryError e) {
        threads.release();
        LOG.log(Level.WARNING, "no thread can be had for a node's connection", e);
        served.handle(limit);
        return;
      }
      await(end, thread);
    }

    /** Whether the first request, as far as it has come, is one of another node. */
    private boolean ofNode() {
      try {
        DataReader reader = context.dataReader();
        return reader.startsWith(beginning);
      } catch (DataReader.InsufficientDataAvailableException e) {
        throw new CloseConnectionException("closed before a request", e);
      }
    }

    private void serve(Limit limit, CompletableFuture<Void> end) {
      try {
        served.handle(limit);
        end.complete(null);
      } catch (Throwable e) {
        end.completeExceptionally(e);
      } finally {
        threads.release();
      }
    }

    /** What ended the connection ends it for Helidon too, which closes the socket. */
    private static void await(CompletableFuture<Void> end, Thread thread) {
      try {
        end.get();
      } catch (InterruptedException e) {
        thread.interrupt();
        Thread.currentThread().interrupt();
        throw new CloseConnectionException("the server is stopping", e);
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case RuntimeException known -> throw known;
          case Error error -> throw error;
          case InterruptedException interrupted ->
              throw new CloseConnectionException("the server is stopping", interrupted);
          case null, default -> throw new IllegalStateException(e);
        }
      }
    }

    @Override
    public boolean canInterrupt() {
      return quiet || (served instanceof InterruptableTask<?> task && task.canInterrupt());
    }

    @Override
    public Void call() {
      throw new UnsupportedOperationException("Helidon runs the task that this connection is of");
    }

    @Override
    public Duration idleTime() {
      return served.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      if (quiet) {
        waiting.interrupt();
      } else {
        served.close(interrupt);
      }
    }
  }
}
