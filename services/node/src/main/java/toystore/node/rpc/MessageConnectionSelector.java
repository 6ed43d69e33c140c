package toystore.node.rpc;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import toystore.node.limit.MemoryBudget;
import toystore.protocol.message.MessageFrames;

/**
 * Tells the connections on which nodes send each other messages ({@link MessageFrames}) from those
 * that speak HTTP, and serves them on platform threads. They are few, they stay, and each purchase
 * comes through three of them. A question wakes a virtual thread by way of a poller and a carrier,
 * and each time that it waits for the log, or for another node, again; a platform thread is woken
 * by the kernel. All others may be thousands, and stay virtual.
 */
public final class MessageConnectionSelector implements ServerConnectionSelector {
  private static final System.Logger LOG =
      System.getLogger(MessageConnectionSelector.class.getName());

  /** More than nodes need at a time; further connections are served on virtual threads. */
  private static final int MOST_THREADS = 64;

  private static final byte[] BEGINNING = MessageFrames.preamble();

  private final ServerConnectionSelector http;
  private final MessageDispatcher messages;
  private final Semaphore threads = new Semaphore(MOST_THREADS);

  /**
   * A selector for one listener.
   *
   * @param http what all other connections speak
   * @param messages answers what comes on those of nodes
   */
  public MessageConnectionSelector(ServerConnectionSelector http, MessageDispatcher messages) {
    this.http = http;
    this.messages = messages;
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

  /** Of either kind; which, it sees from the first byte, and waits for that. */
  private final class Connection implements ServerConnection, InterruptableTask<Void> {
    private final ConnectionContext context;
    private final ServerConnection other;

    /** Set once the first byte was that of another protocol. */
    private boolean speaksHttp;

    /** The thread that waits for a first byte, or for the next question; null while it works. */
    private @Nullable Thread waiting;

    private long waitsSinceNanos = System.nanoTime();
    private boolean closing;

    Connection(ConnectionContext context, ServerConnection other) {
      this.context = context;
      this.other = other;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
      if (!waits()) {
        return;
      }
      if (isHttp(firstByte())) {
        other.handle(limit);
      } else if (threads.tryAcquire()) {
        serveOnPlatformThread();
      } else {
        serve();
      }
    }

    /** Decides it, for {@link #close} too. */
    private synchronized boolean isHttp(byte first) {
      works();
      speaksHttp = first != BEGINNING[0];
      return speaksHttp;
    }

    private byte firstByte() {
      try {
        return context.dataReader().lookup();
      } catch (DataReader.InsufficientDataAvailableException e) {
        throw new CloseConnectionException("closed before a request", e);
      }
    }

    private void serveOnPlatformThread() {
      CompletableFuture<Void> end = new CompletableFuture<>();
      Thread thread = Thread.ofPlatform().daemon().name("node-call").unstarted(() -> serve(end));
      try {
        thread.start();
      } catch (OutOfMemoryError e) {
        threads.release();
        LOG.log(Level.WARNING, "no thread can be had for a node's connection", e);
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
          case null, default -> throw new IllegalStateException(e);
        }
      }
    }

    /** Answers question by question until either side ends it. */
    private void serve() {
      DataReader in = context.dataReader();
      try {
        if (!Arrays.equals(in.readBytes(BEGINNING.length), BEGINNING)) {
          throw new CloseConnectionException("neither HTTP nor messages");
        }
        while (waits()) {
          int length = MessageFrames.length(in.readBytes(MessageFrames.LENGTH));
          if (length <= MemoryBudget.SHORT_BYTES) {
            answer(in.readBytes(length));
          } else {
            answerLong(in, length);
          }
        }
      } catch (DataReader.InsufficientDataAvailableException e) {
        throw new CloseConnectionException("closed by the other node", e);
      } catch (IOException e) {
        throw new CloseConnectionException("what came is no message", e);
      }
    }

    private void answerLong(DataReader in, int length) throws IOException {
      if (!MemoryBudget.tryTake(length)) {
        throw new CloseConnectionException(
            "there is no room for a question of " + length + " bytes");
      }
      try {
        answer(in.readBytes(length));
      } finally {
        MemoryBudget.giveBack(length);
      }
    }

    private void answer(byte[] frame) throws IOException {
      works();
      byte[] answer =
          MessageFrames.response(messages.answer(MessageFrames.decodeRequest(ByteBuffer.wrap(frame))));
      context.dataWriter().writeNow(BufferData.create(answer));
    }

    /** From here on this thread may be interrupted; false when it has to end instead. */
    private synchronized boolean waits() {
      waiting = closing ? null : Thread.currentThread();
      waitsSinceNanos = System.nanoTime();
      return !closing;
    }

    private synchronized void works() {
      waiting = null;
    }

    @Override
    public synchronized boolean canInterrupt() {
      return speaksHttp
          ? other instanceof InterruptableTask<?> task && task.canInterrupt()
          : waiting != null;
    }

    @Override
    public Void call() {
      throw new UnsupportedOperationException("Helidon runs the task that this connection is of");
    }

    @Override
    public synchronized Duration idleTime() {
      if (speaksHttp) {
        return other.idleTime();
      }
      return waiting == null
          ? Duration.ZERO
          : Duration.ofNanos(System.nanoTime() - waitsSinceNanos);
    }

    /** Ends the connection as soon as the question that is being answered has its answer. */
    @Override
    public synchronized void close(boolean interrupt) {
      closing = true;
      if (speaksHttp) {
        other.close(interrupt);
      } else if (waiting != null) {
        waiting.interrupt();
      }
    }
  }
}
