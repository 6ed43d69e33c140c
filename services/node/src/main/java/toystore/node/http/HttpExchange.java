package toystore.node.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import toystore.node.failure.OverloadedException;
import toystore.node.limit.MemoryBudget;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Problem;
import toystore.protocol.codec.Json;
import toystore.protocol.codec.JsonWritable;
import toystore.protocol.message.MessageCodec;

/** Reads requests and writes answers in the API's form. */
public final class HttpExchange {
  private static final Header JSON = HeaderValues.CONTENT_TYPE_JSON;
  private static final Header CBOR =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/cbor");
  private static final Header RETRY_SOON = HeaderValues.createCached(HeaderNames.RETRY_AFTER, "1");

  private static final int DEFAULT_PAGE = 100;

  private HttpExchange() {}

  /** The envelope of every successful public answer, {@code {"data":…}}. */
  public record Data(Object data) implements JsonWritable {
    @Override
    public void write(JsonGenerator out) throws IOException {
      out.writeStartObject();
      out.writeFieldName("data");
      Json.write(out, data);
      out.writeEndObject();
    }
  }

  /**
   * The whole body.
   *
   * @throws ApiException 413 if it is longer than this
   * @throws OverloadedException if it is long, and too many of these are under way
   */
  public static byte[] body(ServerRequest request, int maxBytes) {
    long length = request.headers().contentLength().orElse(maxBytes);
    if (length > maxBytes) {
      throw tooLarge(maxBytes);
    }
    if (!request.content().hasEntity()) {
      return new byte[0];
    }
    try (InputStream in = request.content().inputStream()) {
      byte[] bytes = in.readNBytes(MemoryBudget.SHORT_BYTES);
      if (bytes.length == MemoryBudget.SHORT_BYTES) {
        bytes = withRest(bytes, in, (int) length, maxBytes);
      }
      if (bytes.length > maxBytes) {
        throw tooLarge(maxBytes);
      }
      return bytes;
    } catch (DataReader.InsufficientDataAvailableException | IOException e) {
      throw new CloseConnectionException("the client went away within its request", e);
    }
  }

  private static byte[] withRest(byte[] begin, InputStream in, int length, int maxBytes)
      throws IOException {
    if (!MemoryBudget.tryTake(length)) {
      throw new OverloadedException("too many long bodies at a time");
    }
    try {
      return new SequenceInputStream(new ByteArrayInputStream(begin), in).readNBytes(maxBytes + 1);
    } finally {
      MemoryBudget.giveBack(length);
    }
  }

  private static ApiException tooLarge(int maxBytes) {
    return new ApiException(413, "the body is larger than " + maxBytes + " bytes");
  }

  /**
   * A JSON body as bytes.
   *
   * @throws ApiException 415 if the request says it is something else, 413 if it is too long
   */
  public static byte[] jsonBody(ServerRequest request, int maxBytes) {
    byte[] bytes = body(request, maxBytes);
    if (!saysJson(request)) {
      throw new ApiException(415, "Content-Type must be application/json");
    }
    return bytes;
  }

  /**
   * Read as text, without parameters and in any case: Helidon's own parser is no judge of types.
   */
  private static boolean saysJson(ServerRequest request) {
    String type = request.headers().value(HeaderNames.CONTENT_TYPE).orElse("");
    int parameters = type.indexOf(';');
    return (parameters < 0 ? type : type.substring(0, parameters))
        .strip()
        .equalsIgnoreCase("application/json");
  }

  /** A query parameter that must be a whole number from 0 on. */
  public static long number(ServerRequest request, String name, long absent) {
    if (!request.query().contains(name)) {
      return absent;
    }
    if (request.query().all(name).size() > 1) {
      throw ApiException.badRequest(name + " is given more than once");
    }
    return number(name, request.query().get(name));
  }

  /** A whole number from 0 on that fits a long; leading zeros are fine, signs are not. */
  public static long number(String name, String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw ApiException.badRequest(name + " must be a whole number from 0 on");
    }
    return Long.parseLong(text);
  }

  /** The parameter {@code after} of a listing: rows come after this number; absent: all rows. */
  public static long after(ServerRequest request) {
    boolean fromStart =
        !request.query().contains("after") || request.query().get("after").equals("-1");
    return fromStart ? -1 : number(request, "after", -1);
  }

  /** The parameter {@code limit} of a listing, at most this. */
  public static int limit(ServerRequest request, int most) {
    long limit = number(request, "limit", DEFAULT_PAGE);
    if (limit < 1 || limit > most) {
      throw ApiException.badRequest("limit must be from 1 to " + most);
    }
    return (int) limit;
  }

  public static void sendData(ServerRequest request, ServerResponse response, Object data) {
    sendJson(request, response, new Data(data));
  }

  public static void sendJson(ServerRequest request, ServerResponse response, Object body) {
    sendEncoded(request, response, Json.toJson(body));
  }

  /** An answer that is JSON already. */
  public static void sendEncoded(ServerRequest request, ServerResponse response, byte[] json) {
    send(request, response, 200, JSON, json);
  }

  public static void sendMessage(ServerRequest request, ServerResponse response, Object body) {
    send(request, response, 200, CBOR, MessageCodec.toCbor(body));
  }

  public static void sendProblem(ServerRequest request, ServerResponse response, Problem problem) {
    if (problem.code() == 503) {
      response.header(RETRY_SOON);
    }
    send(request, response, problem.code(), JSON, Json.toJson(new Problem.Body(problem)));
  }

  public static void send(
      ServerRequest request, ServerResponse response, int status, Header type, byte[] body) {
    response.status(Status.create(status)).header(type);
    if (Method.HEAD.equals(request.prologue().method())) {
      response.contentLength(body.length);
      response.send();
    } else {
      response.send(body);
    }
  }
}
