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

/** A connection to another node that is kept for further exchanges, one at a time. */
public abstract class KeptConnection implements Closeable {
  /** The peer had closed this connection before it answered anything. */
  public static final class Stale extends IOException {
    private static final long serialVersionUID = 1L;

    Stale(String what, @Nullable Throwable cause) {
      super(what, cause);
    }
  }

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /** When this connection was given back, or when its exchange has to end; monotonic. */
  public volatile long markNanos;

  /** Whether the connection can serve another exchange. */
  public boolean reusable;

  public KeptConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
  }

  /**
   * Connects.
   *
   * @param connectMs how long that may take, in milliseconds
   */
  protected static Socket connect(String host, int port, int connectMs) throws IOException {
    // Nodes reach each other directly, and to look for a proxy is part of each connect otherwise.
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
   * Sends a whole request, and reads the answer.
   *
   * @throws Stale if the peer had closed the connection before it answered anything
   * @throws IOException if no answer came in time, or one that is no answer
   */
  public abstract NodeReply exchange(byte[] request, Deadline deadline, SilenceCheck silence)
      throws IOException;

  /** Sends a whole request. */
  protected void write(byte[] request) throws Stale {
    reusable = false;
    try {
      out.write(request);
    } catch (IOException e) {
      throw new Stale("the connection was closed", e);
    }
  }

  /**
   * Reads what has come, at least one byte.
   *
   * @param first nothing of the answer has come before
   * @throws Stale if the peer had closed the connection before it answered anything
   * @throws IOException if the time is up, if silence is to be borne no longer, or at the end
   */
  protected int read(
      byte[] into, int offset, Deadline deadline, SilenceCheck silence, boolean first)
      throws IOException {
    while (true) {
      long left = Math.min(silence.every().toMillis(), deadline.left().toMillis() + 1);
      socket.setSoTimeout((int) Math.min(Integer.MAX_VALUE, Math.max(1, left)));
      try {
        int read = in.read(into, offset, into.length - offset);
        if (read < 0) {
          throw first ? new Stale("closed before an answer", null) : new EOFException("cut off");
        }
        return read;
      } catch (SocketTimeoutException e) {
        if (deadline.passed() || !silence.goOn().getAsBoolean()) {
          throw e;
        }
      } catch (SocketException e) {
        throw first ? new Stale("reset before an answer", e) : e;
      }
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger(KeptConnection.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a connection", e);
    }
  }
}
