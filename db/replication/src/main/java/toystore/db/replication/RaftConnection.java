package toystore.db.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import jdk.net.ExtendedSocketOptions;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedOutputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.jspecify.annotations.Nullable;

/**
 * One connection between two members. Who opens it greets; then both send frames: the length of a
 * message in four bytes, its kind in one, and a message of Ratis's protocol.
 */
final class RaftConnection implements Closeable {
  /** What a frame is about; an answer is of its question's kind, or says that it failed. */
  enum Kind {
    FAILED(0),
    APPEND(1),
    VOTE(2),
    STAND(3),
    INSTALL(4),
    READ_INDEX(5);

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

  record Frame(Kind kind, byte[] body) {
    /** What a failure says. */
    String text() {
      return new String(body, UTF_8);
    }
  }

  /** "TOY" and the version of this protocol. */
  private static final int GREETING = 0x544f5901;

  private static final int HEADER = Integer.BYTES + 1;
  private static final int LONGEST = 16 << 20;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;

  private RaftConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 << 10));
    this.out = socket.getOutputStream();
    socket.setTcpNoDelay(true);
  }

  /** Connects and greets; the connection is given up where that takes longer. */
  static RaftConnection open(InetSocketAddress address, int timeoutMs) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(address, timeoutMs);
      RaftConnection connection = new RaftConnection(socket);
      connection.out.write(ByteBuffer.allocate(Integer.BYTES).putInt(GREETING).array());
      return connection;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** The other side of {@link #open}; waits for the greeting. */
  static RaftConnection accepted(Socket socket) throws IOException {
    RaftConnection connection = new RaftConnection(socket);
    if (connection.in.readInt() != GREETING) {
      throw new IOException("whoever connects is no member, or of another version");
    }
    return connection;
  }

  /**
   * Lets the system look after a silent connection: one whose other side is gone without a word
   * ends within a minute, instead of never.
   */
  static void noticeDeath(Socket socket) throws IOException {
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
  void send(Kind kind, MessageLite message) throws IOException {
    int length = message.getSerializedSize();
    byte[] frame = frame(kind, length);
    CodedOutputStream body = CodedOutputStream.newInstance(frame, HEADER, length);
    message.writeTo(body);
    body.checkNoSpaceLeft();
    write(frame);
  }

  /** Answers that a question failed, and why. */
  void sendFailure(Throwable cause) throws IOException {
    byte[] text = String.valueOf(cause).getBytes(UTF_8);
    byte[] frame = frame(Kind.FAILED, text.length);
    System.arraycopy(text, 0, frame, HEADER, text.length);
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
  Frame receive() throws IOException {
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
