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
import toystore.protocol.api.ApiProblem;
import toystore.protocol.codec.Json;
import toystore.protocol.codec.JsonWritable;
import toystore.protocol.message.MessageCodec;

/** Reads the parts of a request and sends responses in the form of the API. */
public final class ApiExchange {
  private static final Header JSON = HeaderValues.CONTENT_TYPE_JSON;
  private static final Header CBOR =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/cbor");
  private static final Header RETRY_SOON = HeaderValues.createCached(HeaderNames.RETRY_AFTER, "1");

  private static final int DEFAULT_LIMIT = 100;

  private ApiExchange() {}

  /** The form of every successful response of the public API: {@code {"data":…}}. */
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
   * Reads the whole body.
   *
   * @throws ApiException 413 if it is longer than {@code maxBytes}
   * @throws OverloadedException if it is long, and too many long bodies are being received
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
      throw new CloseConnectionException("the client closed the connection during its request", e);
    }
  }

  private static byte[] withRest(byte[] begin, InputStream in, int length, int maxBytes)
      throws IOException {
    if (!MemoryBudget.tryReserve(length)) {
      throw new OverloadedException("too many long bodies at a time");
    }
    try {
      return new SequenceInputStream(new ByteArrayInputStream(begin), in).readNBytes(maxBytes + 1);
    } finally {
      MemoryBudget.release(length);
    }
  }

  private static ApiException tooLarge(int maxBytes) {
    return new ApiException(413, "the body is larger than " + maxBytes + " bytes");
  }

  /**
   * Reads the whole body, which must be declared as JSON.
   *
   * @throws ApiException 415 if another content type is declared, 413 if the body is longer than
   *     {@code maxBytes}
   */
  public static byte[] jsonBody(ServerRequest request, int maxBytes) {
    byte[] bytes = body(request, maxBytes);
    if (!declaresJson(request)) {
      throw new ApiException(415, "Content-Type must be application/json");
    }
    return bytes;
  }

  /** Compares the content type as text, because Helidon's parser accepts invalid types. */
  private static boolean declaresJson(ServerRequest request) {
    String type = request.headers().value(HeaderNames.CONTENT_TYPE).orElse("");
    int parameters = type.indexOf(';');
    return (parameters < 0 ? type : type.substring(0, parameters))
        .strip()
        .equalsIgnoreCase("application/json");
  }

  /** Parses a query parameter, or returns {@code absent} if the request does not have it. */
  public static long number(ServerRequest request, String name, long absent) {
    if (!request.query().contains(name)) {
      return absent;
    }
    if (request.query().all(name).size() > 1) {
      throw ApiException.badRequest(name + " is given more than once");
    }
    return number(name, request.query().get(name));
  }

  /** Parses a non-negative number of at most 18 digits. Signs are not allowed. */
  public static long number(String name, String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw ApiException.badRequest(name + " must be a whole number from 0 on");
    }
    return Long.parseLong(text);
  }

  /**
   * Parses the parameter {@code after} of a listing: the listing contains the rows after this
   * number. Returns -1, for all rows, if the parameter is absent or -1.
   */
  public static long after(ServerRequest request) {
    boolean fromStart =
        !request.query().contains("after") || request.query().get("after").equals("-1");
    return fromStart ? -1 : number(request, "after", -1);
  }

  /** Parses the parameter {@code limit} of a listing, from 1 to {@code max}. */
  public static int limit(ServerRequest request, int max) {
    long limit = number(request, "limit", DEFAULT_LIMIT);
    if (limit < 1 || limit > max) {
      throw ApiException.badRequest("limit must be from 1 to " + max);
    }
    return (int) limit;
  }

  /** Sends a successful response of the public API. */
  public static void sendData(ServerRequest request, ServerResponse response, Object data) {
    sendJson(request, response, new Data(data));
  }

  public static void sendJson(ServerRequest request, ServerResponse response, Object body) {
    sendEncoded(request, response, Json.toJson(body));
  }

  /** Sends a response that is already encoded as JSON. */
  public static void sendEncoded(ServerRequest request, ServerResponse response, byte[] json) {
    send(request, response, 200, JSON, json);
  }

  /** Sends a response to another node, in CBOR. */
  public static void sendMessage(ServerRequest request, ServerResponse response, Object body) {
    send(request, response, 200, CBOR, MessageCodec.toCbor(body));
  }

  public static void sendProblem(
      ServerRequest request, ServerResponse response, ApiProblem problem) {
    if (problem.code() == 503) {
      response.header(RETRY_SOON);
    }
    send(request, response, problem.code(), JSON, Json.toJson(new ApiProblem.Body(problem)));
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
