package toystore.toyctl.chaos.check;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Order;
import toystore.protocol.api.Product;
import toystore.protocol.codec.Json;

/**
 * The public API as one client of several front ends sees it. It has a front end that it prefers;
 * after one that gave no answer, or 503, the next call goes to the next one.
 */
final class ShopperClient implements AutoCloseable {
  private final List<String> frontEnds;
  private final int preferred;
  private final Duration patience;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private int current;

  /**
   * @param preferred which of the front ends to begin with; counted round
   * @param patience for one call; longer than a front end's own deadline
   */
  ShopperClient(List<String> frontEnds, int preferred, Duration patience) {
    this.frontEnds = List.copyOf(frontEnds);
    this.preferred = preferred % frontEnds.size();
    this.current = this.preferred;
    this.patience = patience;
  }

  /** The next call goes to the preferred front end. */
  void beginAnew() {
    current = preferred;
  }

  /** An answer of whatever status. */
  record Answer(int status, byte[] body, @Nullable String version, boolean replayed) {
    /** The product's version that the answer carries, or -1. */
    long productVersion() {
      String digits = version == null ? "" : version.replace("\"", "");
      return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : -1;
    }

    private <T> T data(TypeReference<Data<T>> type) throws IOException {
      return Json.json().readValue(body, type).data;
    }

    Product product() throws IOException {
      return data(new TypeReference<Data<Product>>() {});
    }

    Order order() throws IOException {
      return data(new TypeReference<Data<Order>>() {});
    }

    long orderNumber() throws IOException {
      return data(new TypeReference<Data<Placed>>() {}).orderNumber;
    }

    String text() {
      return status + " " + new String(body, StandardCharsets.UTF_8);
    }
  }

  private record Data<T>(T data) {}

  private record Placed(long orderNumber) {}

  private record Wanted(String name, long quantity) {}

  Answer product(String name) throws IOException, InterruptedException {
    String segment = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    return send(request(ApiPaths.PRODUCTS + "/" + segment).GET(), "ETag");
  }

  Answer order(long number) throws IOException, InterruptedException {
    return send(request(ApiPaths.ORDERS + "/" + number).GET(), "ETag");
  }

  Answer buy(String name, int quantity, String key) throws IOException, InterruptedException {
    return send(
        request(ApiPaths.ORDERS)
            .header("Content-Type", "application/json")
            .header(ApiPaths.IDEMPOTENCY_KEY, key)
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.toJson(new Wanted(name, quantity)))),
        ApiPaths.PRODUCT_VERSION);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(frontEnds.get(current) + path));
  }

  private Answer send(HttpRequest.Builder request, String versionHeader)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> sent =
        client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    try {
      HttpResponse<byte[]> response = sent.get(patience.toNanos(), TimeUnit.NANOSECONDS);
      if (response.statusCode() == 503) {
        next();
      }
      return new Answer(
          response.statusCode(),
          response.body(),
          response.headers().firstValue(versionHeader).orElse(null),
          response.headers().firstValue(ApiPaths.REPLAYED).isPresent());
    } catch (TimeoutException e) {
      sent.cancel(true);
      next();
      throw new IOException("no answer within " + patience.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      sent.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      next();
      throw new IOException(String.valueOf(e.getCause()), e);
    }
  }

  private void next() {
    current = (current + 1) % frontEnds.size();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
