package toystore.server;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import toystore.api.Paths;

/**
 * Calls by the JDK's client: it has a deadline for a whole exchange and notices a reset at once.
 * (Helidon's client has neither, and keeps a polling thread for each idle connection.)
 */
public final class JdkCaller implements Caller, AutoCloseable {
  private final HttpClient client;

  /**
   * A client with a pool of connections of its own.
   *
   * @param connectTimeout how long a dead host may keep a call from trying the next one
   */
  public JdkCaller(Duration connectTimeout) {
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(connectTimeout)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
  }

  @Override
  public CompletableFuture<Reply> call(String url, byte @Nullable [] body, Duration timeout) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url)).timeout(timeout.isPositive() ? timeout : MINIMUM);
    if (body != null) {
      request
          .header("Content-Type", "application/cbor")
          .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    }
    return client
        .sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray())
        .thenApply(
            response ->
                new Reply(
                    response.statusCode(),
                    response.body(),
                    response.headers().firstValue(Paths.LEADER).orElse(null)));
  }

  private static final Duration MINIMUM = Duration.ofMillis(1);

  /** The client itself, for WebSockets. */
  public HttpClient client() {
    return client;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
