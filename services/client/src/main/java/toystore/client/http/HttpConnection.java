package toystore.client.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.Socket;
import java.util.Arrays;
import java.util.Locale;
import toystore.client.Deadline;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.NodeReply;

/**
 * A persistent HTTP/1.1 connection to another node (RFC 9112). It supports only the responses that
 * nodes of the store send: a status, headers, and a body with a Content-Length.
 */
public final class HttpConnection extends PersistentConnection {
  private static final int MAX_HEAD = 16 << 10;
  private static final int MAX_BODY = 64 << 20;
  private static final String CRLF = "\r\n";
  private static final String VERSION = "HTTP/1.1 ";
  private static final String LEADER = ApiPaths.LEADER.toLowerCase(Locale.ROOT);

  private byte[] head = new byte[1 << 10];

  private HttpConnection(Socket socket) throws IOException {
    super(socket);
  }

  /**
   * Connects.
   *
   * @param connectMs the time limit for connecting, in milliseconds
   */
  public static HttpConnection open(String host, int port, int connectMs) throws IOException {
    return new HttpConnection(connect(host, port, connectMs));
  }

  /**
   * Encodes a GET request.
   *
   * @param authority host and port of the server
   */
  public static byte[] get(String authority, String path) {
    return ("GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n").getBytes(ISO_8859_1);
  }

  /** Whether the connection can serve another exchange. */
  public boolean reusable() {
    return reusable;
  }

  /**
   * Sends a request and reads the answer.
   *
   * @throws StaleException if the peer closed the connection before it sent any byte of an answer
   * @throws IOException if no answer arrived in time, or an invalid one
   */
  @Override
  public NodeReply exchange(byte[] request, Deadline deadline, NoResponsePolicy silence)
      throws IOException {
    write(request);
    int have = 0;
    int headEnd = -1;
    while (headEnd < 0) {
      if (have == head.length) {
        if (have >= MAX_HEAD) {
          throw new IOException("the head of the response is too long");
        }
        head = Arrays.copyOf(head, have * 2);
      }
      int read = read(head, have, deadline, silence, have == 0);
      headEnd = endOfHead(head, Math.max(0, have - 3), have + read);
      have += read;
    }
    return answer(new String(head, 0, headEnd, ISO_8859_1), headEnd + 4, have, deadline, silence);
  }

  private NodeReply answer(
      String text, int bodyStart, int have, Deadline deadline, NoResponsePolicy silence)
      throws IOException {
    int status = status(text);
    long length = status == 204 || status == 304 ? 0 : -1;
    boolean close = false;
    String leader = null;
    for (int from = text.indexOf(CRLF); from >= 0; ) {
      int start = from + CRLF.length();
      from = text.indexOf(CRLF, start);
      int end = from < 0 ? text.length() : from;
      int colon = text.indexOf(':', start);
      if (colon < 0 || colon >= end) {
        throw new IOException("invalid header: " + text.substring(start, end));
      }
      String value = text.substring(colon + 1, end).strip();
      switch (text.substring(start, colon).toLowerCase(Locale.ROOT)) {
        case "content-length" -> length = length(value);
        case "connection" -> close = value.equalsIgnoreCase("close");
        case "transfer-encoding" -> throw new IOException("the length of the response is unknown");
        case String name when name.equals(LEADER) -> leader = value;
        default -> {}
      }
    }
    if (length < 0) {
      throw new IOException("the length of the response is unknown");
    }
    byte[] body = new byte[(int) length];
    int got = Math.min(body.length, have - bodyStart);
    System.arraycopy(head, bodyStart, body, 0, got);
    boolean nothingAfterBody = have - bodyStart <= body.length;
    while (got < body.length) {
      got += read(body, got, deadline, silence, false);
    }
    reusable = !close && nothingAfterBody;
    return new NodeReply(status, body, leader);
  }

  private static int status(String text) throws IOException {
    try {
      if (text.startsWith(VERSION)) {
        return Integer.parseUnsignedInt(text, VERSION.length(), VERSION.length() + 3, 10);
      }
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw new IOException("not an HTTP response", e);
    }
    throw new IOException("not an HTTP response");
  }

  private static long length(String value) throws IOException {
    try {
      long length = Long.parseUnsignedLong(value);
      if (length >= 0 && length <= MAX_BODY) {
        return length;
      }
    } catch (NumberFormatException e) {
      throw new IOException("invalid Content-Length: " + value, e);
    }
    throw new IOException("a body of " + value + " bytes is too long");
  }

  private static int endOfHead(byte[] bytes, int from, int to) {
    for (int i = from; i + 3 < to; i++) {
      if (bytes[i] == '\r'
          && bytes[i + 1] == '\n'
          && bytes[i + 2] == '\r'
          && bytes[i + 3] == '\n') {
        return i;
      }
    }
    return -1;
  }
}
