package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A TCP proxy: what one node sends to one port of another passes here, and the answers too. It
 * never ends a connection by itself, and tells neither side of the other's end while the way there
 * is cut.
 */
final class FaultyProxy implements AutoCloseable {
  private static final int PIECE = 16 * 1024;
  private static final int PIECES_UNDER_WAY = 64;
  private static final int CONNECT_MS = 2_000;
  private static final int BACKLOG = 256;

  private final InetSocketAddress there;
  private final LinkDirection out;
  private final LinkDirection back;
  private final AddressRewrite renaming;
  private final ServerSocket door;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Opens a tunnel.
   *
   * @param here where it listens
   * @param there where it leads
   * @param out the way of what the connecting node sends
   * @param back the way of the answers
   * @param renaming what the connecting node's messages must not say as they say it
   */
  FaultyProxy(
      InetSocketAddress here,
      InetSocketAddress there,
      LinkDirection out,
      LinkDirection back,
      AddressRewrite renaming)
      throws IOException {
    this.there = there;
    this.renaming = renaming;
    this.out = out;
    this.back = back;
    this.door = new ServerSocket();
    try {
      door.setReuseAddress(true);
      door.bind(here, BACKLOG);
    } catch (IOException e) {
      door.close();
      throw new IOException("no proxy can listen at " + here + ": " + e.getMessage(), e);
    }
    Thread.ofVirtual().name("tunnel " + here).start(this::accept);
  }

  /** Bytes under way; the last piece of a connection is empty. */
  private record Piece(byte[] bytes, long dueNanos) {
    boolean last() {
      return bytes.length == 0;
    }
  }

  private void accept() {
    while (!closed) {
      try {
        Socket client = door.accept();
        sockets.add(client);
        Thread.ofVirtual().name("tunnel connection").start(() -> carry(client));
      } catch (IOException e) {
        if (!closed) {
          // Out of descriptors, say: whoever wants to connect waits.
          System.getLogger(FaultyProxy.class.getName())
              .log(System.Logger.Level.WARNING, "cannot accept a connection", e);
        }
      }
    }
  }

  private void carry(Socket client) {
    Socket server = new Socket();
    sockets.add(server);
    try {
      // A handshake needs both ways.
      out.awaitOpen();
      back.awaitOpen();
      server.connect(there, CONNECT_MS);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
    } catch (IOException e) {
      // Refused there: the nearest that a proxy comes to it is a reset here.
      abort(client, server);
      return;
    } catch (InterruptedException e) {
      abort(client, server);
      Thread.currentThread().interrupt();
      return;
    }
    AtomicInteger open = new AtomicInteger(2);
    pump(client, server, out, renaming, open);
    pump(server, client, back, AddressRewrite.NONE, open);
  }

  private void pump(
      Socket from, Socket to, LinkDirection way, AddressRewrite changed, AtomicInteger open) {
    BlockingQueue<Piece> underWay = new ArrayBlockingQueue<>(PIECES_UNDER_WAY);
    Thread.ofVirtual().name("tunnel in").start(() -> read(from, underWay, way, changed));
    Thread.ofVirtual().name("tunnel out").start(() -> write(from, to, underWay, way, open));
  }

  private static void read(
      Socket from, BlockingQueue<Piece> underWay, LinkDirection way, AddressRewrite changed) {
    long due = System.nanoTime();
    try {
      byte[] buffer = new byte[PIECE];
      InputStream in = from.getInputStream();
      int length = in.read(buffer);
      while (length > 0) {
        // No piece overtakes another one.
        due = Math.max(due, System.nanoTime() + way.drawNanos());
        byte[] piece = Arrays.copyOf(buffer, length);
        changed.apply(piece);
        underWay.put(new Piece(piece, due));
        length = in.read(buffer);
      }
      underWay.put(new Piece(new byte[0], due));
    } catch (IOException _) {
      putLast(underWay, due);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** The connection was reset: the other side hears of it when the way is open. */
  private static void putLast(BlockingQueue<Piece> underWay, long due) {
    try {
      underWay.put(new Piece(new byte[0], due));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(
      Socket from,
      Socket to,
      BlockingQueue<Piece> underWay,
      LinkDirection way,
      AtomicInteger open) {
    try {
      OutputStream stream = to.getOutputStream();
      Piece piece;
      do {
        piece = underWay.take();
        long early = piece.dueNanos - System.nanoTime();
        if (early > 0) {
          TimeUnit.NANOSECONDS.sleep(early);
        }
        way.awaitOpen();
        stream.write(piece.bytes);
      } while (!piece.last());
      to.shutdownOutput();
      if (open.decrementAndGet() == 0) {
        abort(from, to);
      }
    } catch (IOException _) {
      abort(from, to);
    } catch (InterruptedException _) {
      abort(from, to);
      Thread.currentThread().interrupt();
    } finally {
      // Room for the reader, who finds its socket closed next.
      underWay.clear();
    }
  }

  private void abort(Socket one, Socket other) {
    abort(one);
    abort(other);
  }

  private void abort(Socket socket) {
    sockets.remove(socket);
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException _) {
      // It is closed already.
    }
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger(FaultyProxy.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a connection failed", e);
    }
  }

  /** Resets all connections, as a firewall does that forgets them. */
  void reset() {
    sockets.forEach(this::abort);
  }

  @Override
  public void close() throws IOException {
    closed = true;
    door.close();
    reset();
  }
}
