package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * One connection through a {@link FaultyProxy}. Each direction has a reader and a writer thread.
 */
final class ProxyConnection implements Runnable {
  private static final int CHUNK_BYTES = 16 * 1024;
  private static final int CHUNKS_IN_FLIGHT = 64;
  private static final int CONNECT_MS = 2_000;

  private final Socket client;
  private final Socket server = new Socket();
  private final InetSocketAddress target;
  private final LinkDirection requests;
  private final LinkDirection responses;
  private final AddressRewrite rewrite;
  private final Consumer<ProxyConnection> onReset;
  private final AtomicInteger openDirections = new AtomicInteger(2);

  /**
   * A connection that is not yet open on the side of the target.
   *
   * @param onReset called when the connection has ended
   */
  ProxyConnection(
      Socket client,
      InetSocketAddress target,
      LinkDirection requests,
      LinkDirection responses,
      AddressRewrite rewrite,
      Consumer<ProxyConnection> onReset) {
    this.client = client;
    this.target = target;
    this.requests = requests;
    this.responses = responses;
    this.rewrite = rewrite;
    this.onReset = onReset;
  }

  /** Bytes in flight. The last chunk of a connection is empty. */
  private record Chunk(byte[] bytes, long dueNanos) {
    static Chunk end(long dueNanos) {
      return new Chunk(new byte[0], dueNanos);
    }

    boolean isEnd() {
      return bytes.length == 0;
    }
  }

  /** Connects to the target and starts to transfer bytes. */
  @Override
  public void run() {
    try {
      // A TCP handshake needs both directions.
      requests.awaitOpen();
      responses.awaitOpen();
      server.connect(target, CONNECT_MS);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
    } catch (IOException _) {
      // A proxy cannot refuse a connection that it has accepted; a reset is closest to that.
      reset();
      return;
    } catch (InterruptedException _) {
      reset();
      Thread.currentThread().interrupt();
      return;
    }
    transfer(client, server, requests, rewrite);
    transfer(server, client, responses, AddressRewrite.NONE);
  }

  private void transfer(
      Socket from, Socket to, LinkDirection direction, AddressRewrite addressRewrite) {
    BlockingQueue<Chunk> inFlight = new ArrayBlockingQueue<>(CHUNKS_IN_FLIGHT);
    Thread.ofVirtual()
        .name("proxy reader")
        .start(() -> read(from, inFlight, direction, addressRewrite));
    Thread.ofVirtual().name("proxy writer").start(() -> write(to, inFlight, direction));
  }

  private static void read(
      Socket from,
      BlockingQueue<Chunk> inFlight,
      LinkDirection direction,
      AddressRewrite addressRewrite) {
    long due = System.nanoTime();
    try {
      byte[] buffer = new byte[CHUNK_BYTES];
      InputStream in = from.getInputStream();
      int length = in.read(buffer);
      while (length > 0) {
        // Never earlier than the chunk before it, because TCP keeps the order.
        due = Math.max(due, System.nanoTime() + direction.drawDelayNanos());
        byte[] bytes = Arrays.copyOf(buffer, length);
        addressRewrite.apply(bytes);
        inFlight.put(new Chunk(bytes, due));
        length = in.read(buffer);
      }
      inFlight.put(Chunk.end(due));
    } catch (IOException _) {
      putEnd(inFlight, due);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** After a reset by one node: the other node notices it when the direction is open. */
  private static void putEnd(BlockingQueue<Chunk> inFlight, long due) {
    try {
      inFlight.put(Chunk.end(due));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(Socket to, BlockingQueue<Chunk> inFlight, LinkDirection direction) {
    try {
      OutputStream out = to.getOutputStream();
      Chunk chunk;
      do {
        chunk = inFlight.take();
        long early = chunk.dueNanos - System.nanoTime();
        if (early > 0) {
          TimeUnit.NANOSECONDS.sleep(early);
        }
        direction.awaitOpen();
        out.write(chunk.bytes);
      } while (!chunk.isEnd());
      to.shutdownOutput();
      if (openDirections.decrementAndGet() == 0) {
        reset();
      }
    } catch (IOException _) {
      reset();
    } catch (InterruptedException _) {
      reset();
      Thread.currentThread().interrupt();
    } finally {
      // Unblocks the reader, which then finds its socket closed.
      inFlight.clear();
    }
  }

  /** Closes both sockets with a TCP reset. */
  void reset() {
    onReset.accept(this);
    reset(client);
    reset(server);
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException _) {
      // The socket is already closed.
    }
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger(FaultyProxy.class.getName())
          .log(System.Logger.Level.DEBUG, "cannot close a connection", e);
    }
  }
}
