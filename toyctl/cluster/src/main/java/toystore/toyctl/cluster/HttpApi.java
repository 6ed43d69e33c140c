package toystore.toyctl.cluster;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Problem;
import toystore.protocol.codec.Json;

/** HTTP requests, each with one time limit from connecting to the last byte of the answer. */
public final class HttpApi implements AutoCloseable {
  /** Made when it is first needed: it takes a fifth of the time of a command that asks little. */
  private @Nullable HttpClient client;

  private boolean closed;

  /** An answer of whatever status. */
  public record Answer(int status, HttpHeaders headers, byte[] body) {
    public boolean ok() {
      return status == 200;
    }

    public @Nullable String header(String name) {
      return headers.firstValue(name).orElse(null);
    }

    /** The message of an error, or what can be said without one. */
    public String problem() {
      try {
        return Json.fromJson(body, Problem.Body.class).error().message();
      } catch (IOException _) {
        return "HTTP status " + status;
      }
    }
  }

  public Answer get(String url, Duration limit) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(URI.create(url)).GET(), limit);
  }

  /**
   * Posts JSON.
   *
   * @param key the Idempotency-Key, or null for a request without one
   */
  public Answer post(String url, byte[] json, @Nullable String key, Duration limit)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .POST(HttpRequest.BodyPublishers.ofByteArray(json))
            .header("Content-Type", "application/json");
    if (key != null) {
      request.header(ApiPaths.IDEMPOTENCY_KEY, key);
    }
    return send(request, limit);
  }

  /** A path segment in which every character stands for itself. */
  public static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private synchronized HttpClient client() throws IOException {
    if (closed) {
      throw new IOException("no more requests are sent");
    }
    HttpClient made = client;
    if (made == null) {
      made = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      client = made;
    }
    return made;
  }

  // The request's own time limit ends with the headers; a node that is paused in the middle of a
  // body would hang the command.
  private Answer send(HttpRequest.Builder request, Duration limit)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> sent =
        client().sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    try {
      HttpResponse<byte[]> response = sent.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      return new Answer(response.statusCode(), response.headers(), response.body());
    } catch (TimeoutException e) {
      sent.cancel(true);
      HttpTimeoutException timeout =
          new HttpTimeoutException("no answer within " + limit.toMillis() + " ms");
      timeout.initCause(e);
      throw timeout;
    } catch (InterruptedException e) {
      sent.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      throw asIoException(e);
    }
  }

  private static IOException asIoException(ExecutionException e) {
    return switch (e.getCause()) {
      case ConnectException refused -> refused;
      case IOException io -> io;
      case null, default -> new IOException(Wordings.reason(e), e);
    };
  }

  /** Does not wait for requests that are under way: their answers interest nobody any more. */
  @Override
  public synchronized void close() {
    closed = true;
    if (client != null) {
      client.shutdownNow();
    }
  }
}
