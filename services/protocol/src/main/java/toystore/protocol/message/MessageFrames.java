package toystore.protocol.message;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * How nodes send each other messages: on connections of their own to a node's HTTP port, which
 * begin with {@link #beginning} as no request does. Then come frames, question and answer in turn,
 * each a length of four bytes and so many bytes:
 *
 * <pre>
 * question  length of path (1 byte), path (ASCII), body
 * answer    status as in HTTP (2 bytes), length of leader (1 byte), leader (UTF-8), body
 * </pre>
 *
 * <p>Each purchase needs three of these exchanges. One of 150 bytes is a tenth of the code that
 * HTTP would run for it on either side, and two hops of it are code that has to be compiled before
 * it is fast.
 */
public final class MessageFrames {
  /** No request of HTTP begins with a byte of 0. */
  private static final String BEGINS = "\0toystore messages 1\n";

  /** Largest frame: the largest batch that settings allow, of purchases with the longest names. */
  public static final int MAX_BYTES = 1 << 20;

  /** Bytes before a frame. */
  public static final int LENGTH = 4;

  private MessageFrames() {}

  /** A message and which one it is. */
  public record Question(String path, byte[] body) {}

  /** How a connection for messages begins. */
  public static byte[] beginning() {
    return BEGINS.getBytes(US_ASCII);
  }

  /**
   * A frame's length, from the four bytes before it.
   *
   * @throws IOException if none may be as long: then the peer speaks something else
   */
  public static int length(byte[] before) throws IOException {
    int length = ByteBuffer.wrap(before, 0, LENGTH).getInt();
    if (length <= 0 || length > MAX_BYTES) {
      throw new IOException("not a frame: length " + Integer.toUnsignedString(length));
    }
    return length;
  }

  /** The bytes of a question, length included. */
  public static byte[] question(String path, byte[] body) throws IOException {
    byte[] name = path.getBytes(US_ASCII);
    return begin(1 + name.length + body.length).put((byte) name.length).put(name).put(body).array();
  }

  /** The bytes of an answer, length included. */
  public static byte[] answer(NodeReply reply) throws IOException {
    byte[] leader = reply.leader() == null ? new byte[0] : reply.leader().getBytes(UTF_8);
    return begin(3 + leader.length + reply.body().length)
        .putShort((short) reply.status())
        .put((byte) leader.length)
        .put(leader)
        .put(reply.body())
        .array();
  }

  private static ByteBuffer begin(int length) throws IOException {
    if (length > MAX_BYTES) {
      throw new IOException("a message of " + length + " bytes is too long");
    }
    return ByteBuffer.allocate(LENGTH + length).putInt(length);
  }

  /** Reads a question without its length. */
  public static Question question(ByteBuffer in) throws IOException {
    try {
      String path = new String(bytes(in, in.get() & 0xff), US_ASCII);
      return new Question(path, bytes(in, in.remaining()));
    } catch (BufferUnderflowException e) {
      throw new IOException("a question that is cut off", e);
    }
  }

  /** Reads an answer without its length. */
  public static NodeReply reply(ByteBuffer in) throws IOException {
    try {
      int status = in.getShort();
      byte[] leader = bytes(in, in.get() & 0xff);
      byte[] body = bytes(in, in.remaining());
      return new NodeReply(status, body, leader.length == 0 ? null : new String(leader, UTF_8));
    } catch (BufferUnderflowException e) {
      throw new IOException("an answer that is cut off", e);
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
