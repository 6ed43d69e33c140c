package toystore.protocol.message;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import toystore.db.framing.LengthPrefix;

/**
 * The protocol of messages between nodes. A node opens a separate connection to the HTTP port of
 * the other node and sends {@link #preamble}, which is not a valid HTTP request. Then requests and
 * responses alternate. Each is a frame: a length of four bytes, followed by that number of bytes.
 *
 * <pre>
 * request   length of path (1 byte), path (ASCII), body
 * response  HTTP status (2 bytes), length of leader (1 byte), leader (UTF-8), body
 * </pre>
 *
 * <p>A purchase needs three of these exchanges. An exchange of 150 bytes runs a tenth of the code
 * that HTTP would run on each side. Less code also means that a node that has just started needs
 * less compilation until it is fast.
 */
public final class MessageFrames {
  /** An HTTP request never begins with a zero byte. */
  private static final String PREAMBLE = "\0toystore messages 1\n";

  /** The largest frame. It has room for the largest batch of purchases with the longest names. */
  public static final int MAX_BYTES = 1 << 20;

  /** The size of the length before each frame, in bytes. */
  public static final int LENGTH = LengthPrefix.BYTES;

  private static final LengthPrefix PREFIX = new LengthPrefix(1, MAX_BYTES);

  private MessageFrames() {}

  /**
   * A request.
   *
   * @param path selects the handler
   */
  public record Request(String path, byte[] body) {}

  /** The first bytes of a connection for messages. */
  public static byte[] preamble() {
    return PREAMBLE.getBytes(US_ASCII);
  }

  /**
   * Decodes the length of a frame.
   *
   * @throws IOException if the length is not allowed, which means that the peer uses another
   *     protocol
   */
  public static int length(byte[] before) throws IOException {
    return PREFIX.decode(before);
  }

  /** Encodes a request, including its length. */
  public static byte[] request(String path, byte[] body) throws IOException {
    byte[] name = path.getBytes(US_ASCII);
    return begin(1 + name.length + body.length).put((byte) name.length).put(name).put(body).array();
  }

  /** Encodes a response, including its length. */
  public static byte[] response(NodeReply reply) throws IOException {
    byte[] leader = reply.leader() == null ? new byte[0] : reply.leader().getBytes(UTF_8);
    return begin(3 + leader.length + reply.body().length)
        .putShort((short) reply.status())
        .put((byte) leader.length)
        .put(leader)
        .put(reply.body())
        .array();
  }

  private static ByteBuffer begin(int length) throws IOException {
    return PREFIX.allocate(length, 0);
  }

  /** Decodes a request without its length. */
  public static Request decodeRequest(ByteBuffer in) throws IOException {
    try {
      String path = new String(bytes(in, in.get() & 0xff), US_ASCII);
      return new Request(path, bytes(in, in.remaining()));
    } catch (BufferUnderflowException e) {
      throw new IOException("the request is truncated", e);
    }
  }

  /** Decodes a response without its length. */
  public static NodeReply decodeResponse(ByteBuffer in) throws IOException {
    try {
      int status = in.getShort();
      byte[] leader = bytes(in, in.get() & 0xff);
      byte[] body = bytes(in, in.remaining());
      return new NodeReply(status, body, leader.length == 0 ? null : new String(leader, UTF_8));
    } catch (BufferUnderflowException e) {
      throw new IOException("the response is truncated", e);
    }
  }

  private static byte[] bytes(ByteBuffer in, int length) {
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }
}
