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
import toystore.db.raft.FollowerReplicator;

/**
 * One connection between two members. Who opens it greets, with the version of this protocol and
 * the group; then both send frames: the length of a message in four bytes, its kind in one, and the
 * message ({@link RaftMessageCodec}).
 */
public final class RaftConnection implements Closeable {
  /** What a frame is about; an answer is of its question's kind. */
  public enum Kind {
    APPEND(1),
    VOTE(2),
    SUCCEED(3),
    BEGINS(4),
    COMMITTED(5),

    /** No answer yet: its sender is at what it was asked, and alive. */
    BUSY(6);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    public static @Nullable Kind of(int code) {
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

  private static final int HEADER = Integer.BYTES + 1;
  private static final int LONGEST = 16 << 20;

  /** More than {@link FollowerReplicator} has unanswered where it must not block. */
  private static final int SEND_BUFFER = 256 << 10;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;

  private RaftConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 << 10));
    this.out = socket.getOutputStream();
    socket.setTcpNoDelay(true);
  }

  /**
   * Connects and greets; the connection is given up where that takes longer.
   *
   * @param group of both members
   */
  static RaftConnection open(InetSocketAddress address, int timeoutMs, UUID group)
      throws IOException {
    Socket socket = new Socket(Proxy.NO_PROXY);
    try {
      socket.setSendBufferSize(SEND_BUFFER);
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

  /** The other side of {@link #open}; waits for the greeting. */
  public static RaftConnection accepted(Socket socket, UUID group) throws IOException {
    RaftConnection connection = new RaftConnection(socket);
    if (connection.in.readInt() != GREETING) {
      throw new IOException("whoever connects is no member, or of another version");
    }
    if (!new UUID(connection.in.readLong(), connection.in.readLong()).equals(group)) {
      throw new IOException("whoever connects is a member of another group");
    }
    return connection;
  }

  /**
   * Lets the system look after a silent connection: one whose other side is gone without a word
   * ends within a minute, instead of never.
   */
  public static void noticeDeath(Socket socket) throws IOException {
    socket.setKeepAlive(true);
    setIfPossible(socket, ExtendedSocketOptions.TCP_KEEPIDLE, 20);
    setIfPossible(socket, ExtendedSocketOptions.TCP_KEEPINTERVAL, 5);
    setIfPossible(socket, ExtendedSocketOptions.TCP_KEEPCOUNT, 6);
  }

  private static void setIfPossible(Socket socket, SocketOption<Integer> option, int value)
      throws IOException {
    if (socket.supportedOptions().contains(option)) {
      socket.setOption(option, value);
    }
  }

  /** How long {@link #receive} waits for a frame, in milliseconds; 0 for ever. */
  void patience(int timeoutMs) throws IOException {
    socket.setSoTimeout(timeoutMs);
  }

  /** Sends a frame at once; for several threads. Blocks while the other side takes nothing. */
  public void send(Kind kind, byte[] message) throws IOException {
    byte[] frame = frame(kind, message.length);
    System.arraycopy(message, 0, frame, HEADER, message.length);
    write(frame);
  }

  private static byte[] frame(Kind kind, int length) throws IOException {
    if (length > LONGEST) {
      throw new IOException("a message of " + length + " bytes is too long");
    }
    byte[] frame = new byte[HEADER + length];
    ByteBuffer.wrap(frame).putInt(length).put((byte) kind.code);
    return frame;
  }

  private void write(byte[] frame) throws IOException {
    synchronized (out) {
      out.write(frame);
    }
  }

  /**
   * Waits for the next frame; for one thread.
   *
   * @throws SocketTimeoutException if none begins in time; the connection can go on
   * @throws IOException if the connection is at its end
   */
  public Frame receive() throws IOException {
    int first = in.read();
    if (first < 0) {
      throw new EOFException("the connection was closed");
    }
    try {
      int length =
          first << 24
              | in.readUnsignedByte() << 16
              | in.readUnsignedByte() << 8
              | in.readUnsignedByte();
      int code = in.readUnsignedByte();
      Kind kind = Kind.of(code);
      if (length < 0 || length > LONGEST || kind == null) {
        throw new IOException("not a frame: " + length + " bytes of kind " + code);
      }
      // Takes memory for what has come, not for what was announced.
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
          .log(System.Logger.Level.DEBUG, "closing a connection", e);
    }
  }
}
