package toystore.db.raft.transport;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.UUID;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import toystore.db.framing.LengthPrefix;

/**
 * One connection between two members. The member that opens it sends a greeting with the version of
 * this protocol and the id of the group. Then both sides send frames. A frame consists of the
 * length of the message (four bytes), its kind (one byte) and the message ({@link
 * RaftMessageCodec}).
 */
public final class RaftConnection implements Closeable {
  /** The kind of a message. A response has the kind of its request. */
  public enum Kind {
    APPEND_ENTRIES(1),
    REQUEST_VOTE(2),
    TIMEOUT_NOW(3),
    INSTALL_STATE(4),
    COMMIT_INDEX(5),

    /** Precedes a response: the sender is alive and still working on the request. */
    BUSY(6);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    static @Nullable Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      return null;
    }
  }

  public record Frame(Kind kind, byte[] body) {}

  /** "TOY" and the version of this protocol. */
  private static final int GREETING = 0x544f5902;

  private static final int HEADER_BYTES = LengthPrefix.BYTES + 1;
  private static final LengthPrefix MESSAGE_LENGTH = new LengthPrefix(0, 16 << 20);

  /** More than a leader sends ahead of the responses when it must not block. */
  private static final int SEND_BUFFER_BYTES = 256 << 10;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;

  /** Used by the receiving thread only. */
  private final byte[] receivedHeader = new byte[HEADER_BYTES];

  private RaftConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 << 10));
    this.out = socket.getOutputStream();
    socket.setTcpNoDelay(true);
  }

  /**
   * Connects to a member and sends the greeting.
   *
   * @param timeoutMs limit for establishing the connection
   * @param group the group of both members
   */
  static RaftConnection open(InetSocketAddress address, int timeoutMs, UUID group)
      throws IOException {
    Socket socket = new Socket(Proxy.NO_PROXY);
    try {
      socket.setSendBufferSize(SEND_BUFFER_BYTES);
      socket.connect(address, timeoutMs);
      RaftConnection connection = new RaftConnection(socket);
      connection.out.write(
          ByteBuffer.allocate(Integer.BYTES + 2 * Long.BYTES)
              .putInt(GREETING)
              .putLong(group.getMostSignificantBits())
              .putLong(group.getLeastSignificantBits())
              .array());
      return connection;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Waits for the greeting on an accepted connection.
   *
   * @throws IOException if the peer speaks another protocol or belongs to another group
   */
  public static RaftConnection accept(Socket socket, UUID group) throws IOException {
    RaftConnection connection = new RaftConnection(socket);
    if (connection.in.readInt() != GREETING) {
      throw new IOException("the peer is not a member, or of another version");
    }
    if (!new UUID(connection.in.readLong(), connection.in.readLong()).equals(group)) {
      throw new IOException("the peer is a member of another group");
    }
    return connection;
  }

  /**
   * Enables TCP keep-alive, so that the connection ends within a minute after the peer's host has
   * disappeared. Without it, the connection would stay open forever.
   */
  public static void enableKeepAlive(Socket socket) throws IOException {
    socket.setKeepAlive(true);
    setIfSupported(socket, ExtendedSocketOptions.TCP_KEEPIDLE, 20);
    setIfSupported(socket, ExtendedSocketOptions.TCP_KEEPINTERVAL, 5);
    setIfSupported(socket, ExtendedSocketOptions.TCP_KEEPCOUNT, 6);
  }

  private static void setIfSupported(Socket socket, SocketOption<Integer> option, int value)
      throws IOException {
    if (socket.supportedOptions().contains(option)) {
      socket.setOption(option, value);
    }
  }

  /** Sets how long {@link #receive} waits for a frame, in milliseconds; 0 for no limit. */
  void receiveTimeout(int timeoutMs) throws IOException {
    socket.setSoTimeout(timeoutMs);
  }

  /**
   * Sends a frame without delay. Any thread may call this. It blocks while the peer's receive
   * buffer is full.
   */
  public void send(Kind kind, byte[] message) throws IOException {
    byte[] frame =
        MESSAGE_LENGTH.allocate(message.length, 1).put((byte) kind.code).put(message).array();
    synchronized (out) {
      out.write(frame);
    }
  }

  /**
   * Waits for the next frame. Only one thread may call this.
   *
   * @throws SocketTimeoutException if no frame begins in time; the connection stays usable
   * @throws IOException if the connection has ended or is unusable
   */
  public Frame receive() throws IOException {
    int first = in.read();
    if (first < 0) {
      throw new EOFException("the connection was closed");
    }
    try {
      receivedHeader[0] = (byte) first;
      in.readFully(receivedHeader, 1, HEADER_BYTES - 1);
      int length = MESSAGE_LENGTH.decode(receivedHeader);
      Kind kind = Kind.of(Byte.toUnsignedInt(receivedHeader[HEADER_BYTES - 1]));
      if (kind == null) {
        throw new IOException("not a frame: unknown kind " + receivedHeader[HEADER_BYTES - 1]);
      }
      // Allocates memory as bytes arrive, not for the whole announced length.
      byte[] body = in.readNBytes(length);
      if (body.length < length) {
        throw new EOFException("a frame was cut off");
      }
      return new Frame(kind, body);
    } catch (SocketTimeoutException e) {
      throw new IOException("a frame was cut off", e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger(RaftConnection.class.getName())
          .log(System.Logger.Level.DEBUG, "a connection did not close cleanly", e);
    }
  }
}
