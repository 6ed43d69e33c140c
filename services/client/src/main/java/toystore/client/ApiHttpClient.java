package toystore.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.ApiProblem;
import toystore.protocol.codec.Json;

/**
 * Sends HTTP requests. Each has one time limit, from connecting to the last byte of the response.
 */
public final class ApiHttpClient implements AutoCloseable {
  /** Created on first use, because that takes a fifth of the time of a short command. */
  private @Nullable HttpClient client;

  private boolean closed;

  /** A response with any status. */
  public record Response(int status, HttpHeaders headers, byte[] body) {
    public boolean ok() {
      return status == 200;
    }

    public @Nullable String header(String name) {
      return headers.firstValue(name).orElse(null);
    }

    /** The message of the error in the body; the status code if the body holds no error. */
    public String errorMessage() {
      try {
        return Json.fromJson(body, ApiProblem.Body.class).error().message();
      } catch (IOException _) {
        return "HTTP status " + status;
      }
    }
  }

  public Response get(String url, Duration limit) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(URI.create(url)).GET(), limit);
  }

  /**
   * Sends a POST request with a JSON body.
   *
   * @param key the Idempotency-Key, or null to send none
   */
  public Response post(String url, byte[] json, @Nullable String key, Duration limit)
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

  private synchronized HttpClient client() throws IOException {
    if (closed) {
      throw new IOException("the HTTP client is closed");
    }
    HttpClient created = client;
    if (created == null) {
      created = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      client = created;
    }
    return created;
  }

  /**
   * Sends any request and reads the whole response.
   *
   * @throws ConnectException if no connection was made, so that nothing was sent
   * @throws HttpTimeoutException if the response is not complete within the limit
   */
  public Response send(HttpRequest.Builder request, Duration limit)
      throws IOException, InterruptedException {
    // The time limit of an HttpRequest ends with the response headers. A node that pauses in the
    // middle of a body would block the caller, so the limit is on the future.
    CompletableFuture<HttpResponse<byte[]>> sent =
        client().sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    try {
      HttpResponse<byte[]> response = sent.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      return new Response(response.statusCode(), response.headers(), response.body());
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
      throw e.getCause() instanceof IOException failure
          ? failure
          : new IOException(String.valueOf(e.getCause()), e);
    }
  }

  /** Does not wait for requests in progress. */
  @Override
  public synchronized void close() {
    closed = true;
    if (client != null) {
      client.shutdownNow();
    }
  }
}
