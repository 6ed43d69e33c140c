package toystore.node.rpc;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import toystore.node.limit.MemoryBudget;
import toystore.protocol.message.MessageFrames;

/**
 * An incoming connection. Its first byte shows whether it carries HTTP or messages. HTTP is passed
 * on; messages are answered here.
 */
final class IncomingConnection implements ServerConnection, InterruptableTask<Void> {
  private static final System.Logger LOG = System.getLogger(IncomingConnection.class.getName());
  private static final byte[] PREAMBLE = MessageFrames.preamble();

  private final ConnectionContext context;
  private final ServerConnection http;
  private final MessageDispatcher messages;
  private final Semaphore platformThreads;

  /** Set once the first byte has shown that the connection carries HTTP. */
  private boolean carriesHttp;

  /** The thread that waits for the first byte or for the next request; null while it works. */
  private @Nullable Thread waiting;

  private long waitingSinceNanos = System.nanoTime();
  private boolean closing;

  /**
   * Creates a connection.
   *
   * @param http handles the connection if it carries HTTP
   * @param platformThreads a permit for each platform thread that may be started
   */
  IncomingConnection(
      ConnectionContext context,
      ServerConnection http,
      MessageDispatcher messages,
      Semaphore platformThreads) {
    this.context = context;
    this.http = http;
    this.messages = messages;
    this.platformThreads = platformThreads;
  }

  @Override
  public void handle(Limit limit) throws InterruptedException {
    if (!beginWaiting()) {
      return;
    }
    if (isHttp(firstByte())) {
      http.handle(limit);
    } else if (platformThreads.tryAcquire()) {
      serveOnPlatformThread();
    } else {
      serve();
    }
  }

  /** Determines the protocol. Synchronized, because {@link #close} depends on the result. */
  private synchronized boolean isHttp(byte first) {
    endWaiting();
    carriesHttp = first != PREAMBLE[0];
    return carriesHttp;
  }

  private byte firstByte() {
    try {
      return context.dataReader().lookup();
    } catch (DataReader.InsufficientDataAvailableException e) {
      throw new CloseConnectionException("the connection was closed before a request", e);
    }
  }

  private void serveOnPlatformThread() {
    CompletableFuture<Void> end = new CompletableFuture<>();
    Thread thread = Thread.ofPlatform().daemon().name("node-call").unstarted(() -> serve(end));
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      platformThreads.release();
      LOG.log(Level.WARNING, "no memory for a thread for the connection of a node", e);
      serve();
      return;
    }
    await(end, thread);
  }

  private void serve(CompletableFuture<Void> end) {
    try {
      serve();
      end.complete(null);
    } catch (Throwable e) {
      end.completeExceptionally(e);
    } finally {
      platformThreads.release();
    }
  }

  /** Rethrows the exception that ended the connection, so that Helidon closes the socket. */
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
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /** Answers one request after another until either side ends the connection. */
  private void serve() {
    DataReader in = context.dataReader();
    try {
      if (!Arrays.equals(in.readBytes(PREAMBLE.length), PREAMBLE)) {
        throw new CloseConnectionException("the connection carries neither HTTP nor messages");
      }
      while (beginWaiting()) {
        int length = MessageFrames.length(in.readBytes(MessageFrames.LENGTH));
        if (length <= MemoryBudget.SHORT_BYTES) {
          answer(in.readBytes(length));
        } else {
          answerLong(in, length);
        }
      }
    } catch (DataReader.InsufficientDataAvailableException e) {
      throw new CloseConnectionException("the other node closed the connection", e);
    } catch (IOException e) {
      throw new CloseConnectionException("invalid message", e);
    }
  }

  private void answerLong(DataReader in, int length) throws IOException {
    if (!MemoryBudget.tryReserve(length)) {
      throw new CloseConnectionException("no memory for a request of " + length + " bytes");
    }
    try {
      answer(in.readBytes(length));
    } finally {
      MemoryBudget.release(length);
    }
  }

  private void answer(byte[] frame) throws IOException {
    endWaiting();
    byte[] answer =
        MessageFrames.response(
            messages.answer(MessageFrames.decodeRequest(ByteBuffer.wrap(frame))));
    context.dataWriter().writeNow(BufferData.create(answer));
  }

  /**
   * Allows {@link #close} to interrupt this thread.
   *
   * @return false if the connection is closing, so that the thread must not wait
   */
  private synchronized boolean beginWaiting() {
    waiting = closing ? null : Thread.currentThread();
    waitingSinceNanos = System.nanoTime();
    return !closing;
  }

  private synchronized void endWaiting() {
    waiting = null;
  }

  @Override
  public synchronized boolean canInterrupt() {
    return carriesHttp
        ? http instanceof InterruptableTask<?> task && task.canInterrupt()
        : waiting != null;
  }

  @Override
  public Void call() {
    throw new UnsupportedOperationException("Helidon calls handle(Limit) instead");
  }

  @Override
  public synchronized Duration idleTime() {
    if (carriesHttp) {
      return http.idleTime();
    }
    return waiting == null
        ? Duration.ZERO
        : Duration.ofNanos(System.nanoTime() - waitingSinceNanos);
  }

  /** Ends the connection, but lets it finish the request that it is working on. */
  @Override
  public synchronized void close(boolean interrupt) {
    closing = true;
    if (carriesHttp) {
      http.close(interrupt);
    } else if (waiting != null) {
      waiting.interrupt();
    }
  }
}
