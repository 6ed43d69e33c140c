package toystore.client.http;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.protocol.message.NodeReply;

/** A connection to another node for any number of exchanges, one at a time. */
public abstract class PersistentConnection implements Closeable {
  /** The peer closed this connection before it sent any byte of an answer. */
  public static final class StaleException extends IOException {
    private static final long serialVersionUID = 1L;

    StaleException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /**
   * While an exchange is in progress, its deadline; otherwise the time of the last use. On the
   * clock of {@link System#nanoTime}.
   */
  public volatile long markNanos;

  /** Whether the connection can serve another exchange. */
  public boolean reusable;

  public PersistentConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
  }

  /**
   * Connects.
   *
   * @param connectMs the time limit for connecting, in milliseconds
   */
  protected static Socket connect(String host, int port, int connectMs) throws IOException {
    // Nodes reach each other directly. Without this, each connect searches for a proxy.
    Socket socket = new Socket(Proxy.NO_PROXY);
    try {
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(host, port), Math.max(1, connectMs));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Sends a request and reads the answer.
   *
   * @throws StaleException if the peer closed the connection before it sent any byte of an answer
   * @throws IOException if no answer arrived in time, or an invalid one
   */
  public abstract NodeReply exchange(byte[] request, Deadline deadline, NoResponsePolicy silence)
      throws IOException;

  /** Sends the bytes of a request. */
  protected void write(byte[] request) throws StaleException {
    reusable = false;
    try {
      out.write(request);
    } catch (IOException e) {
      throw new StaleException("the connection was closed", e);
    }
  }

  /**
   * Reads the bytes that have arrived, at least one.
   *
   * @param first whether no byte of this answer was read before
   * @throws StaleException if the peer closed the connection before it sent any byte of an answer
   * @throws IOException if the deadline passed, if the silence check gave up, or at the end of the
   *     stream
   */
  protected int read(
      byte[] into, int offset, Deadline deadline, NoResponsePolicy silence, boolean first)
      throws IOException {
    while (true) {
      long left = Math.min(silence.interval().toMillis(), deadline.left().toMillis() + 1);
      socket.setSoTimeout((int) Math.min(Integer.MAX_VALUE, Math.max(1, left)));
      try {
        int read = in.read(into, offset, into.length - offset);
        if (read < 0) {
          throw first
              ? new StaleException("the peer closed the connection before it answered", null)
              : new EOFException("the answer is truncated");
        }
        return read;
      } catch (SocketTimeoutException e) {
        if (deadline.passed() || !silence.keepWaiting().getAsBoolean()) {
          throw e;
        }
      } catch (SocketException e) {
        throw first ? new StaleException("the peer reset the connection before it answered", e) : e;
      }
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger(PersistentConnection.class.getName())
          .log(System.Logger.Level.DEBUG, "cannot close a connection", e);
    }
  }
}
