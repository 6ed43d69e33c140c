package toystore.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Order;
import toystore.protocol.api.Product;
import toystore.protocol.codec.Json;

/**
 * A client of the public API, for one thread. It uses one of several front ends. When a request
 * gets no answer or status 503, the client moves to the next front end for its next request.
 *
 * <p>The methods that are named after a resource, and {@link #buy}, send one request. The other two
 * retry: {@link #readWithFailover} and {@link #buyUntilDecided}.
 */
public final class StoreClient {
  private static final Duration RETRY_PAUSE = Duration.ofMillis(100);

  private final ApiHttpClient http;
  private final FrontEndSelector frontEnds;

  /**
   * @param frontEnds their addresses, {@code http://host:port}
   * @param preferred the index of the front end to use first
   */
  public StoreClient(ApiHttpClient http, List<String> frontEnds, int preferred) {
    this.http = http;
    this.frontEnds = new FrontEndSelector(frontEnds, preferred);
  }

  public List<String> frontEnds() {
    return frontEnds.all();
  }

  /** Sends the next request to the preferred front end again. */
  public void returnToPreferred() {
    frontEnds.returnToPreferred();
  }

  /** The envelope of every successful response. */
  private record Data<T>(T data) {}

  /** The body of a purchase request. */
  private record PurchaseBody(String name, long quantity) {}

  /** The data of the response to a purchase request. */
  private record PurchaseAnswer(long orderNumber) {}

  /**
   * A product and the version in its ETag.
   *
   * @param version null if the response has no ETag
   */
  public record ProductWithVersion(Product product, @Nullable Long version) {}

  /**
   * A committed purchase.
   *
   * @param productVersion the version of the product after the purchase; null if the response does
   *     not contain it
   * @param replayed whether an earlier request with the same key placed the order
   */
  public record Purchase(long orderNumber, @Nullable Long productVersion, boolean replayed) {}

  /** The path of a product, with the name encoded. */
  public static String productPath(String name) {
    String encoded = URLEncoder.encode(name, UTF_8).replace("+", "%20");
    return ApiPaths.PRODUCTS + "/" + encoded;
  }

  /** The JSON body of a purchase request. */
  public static byte[] purchaseBody(String name, long quantity) {
    return Json.toJson(new PurchaseBody(name, quantity));
  }

  public StoreResult<List<Product>> products(Deadline deadline) throws InterruptedException {
    return get(ApiPaths.PRODUCTS, new TypeReference<Data<List<Product>>>() {}, deadline);
  }

  public StoreResult<ProductWithVersion> product(String name, Deadline deadline)
      throws InterruptedException {
    return frontEnds.attempt(
        frontEnd -> http.get(frontEnd + productPath(name), deadline.timeLimit()),
        response ->
            new ProductWithVersion(
                data(response, new TypeReference<Data<Product>>() {}),
                version(response.header("ETag"))));
  }

  public StoreResult<Order> order(long number, Deadline deadline) throws InterruptedException {
    return get(ApiPaths.ORDERS + "/" + number, new TypeReference<Data<Order>>() {}, deadline);
  }

  /**
   * Reads one page of orders, in the order of their numbers.
   *
   * @param after the number before the first order of the page, or null to start with the first
   *     order of the store
   */
  public StoreResult<List<Order>> orders(@Nullable Long after, int limit, Deadline deadline)
      throws InterruptedException {
    String from = after == null ? "" : "after=" + after + "&";
    return get(
        ApiPaths.ORDERS + "?" + from + "limit=" + limit,
        new TypeReference<Data<List<Order>>>() {},
        deadline);
  }

  /**
   * Sends one purchase request.
   *
   * @param key the Idempotency-Key, or null to send none
   */
  public StoreResult<Purchase> buy(
      String name, long quantity, @Nullable String key, Deadline deadline)
      throws InterruptedException {
    byte[] body = purchaseBody(name, quantity);
    return frontEnds.attempt(
        frontEnd -> http.post(frontEnd + ApiPaths.ORDERS, body, key, deadline.timeLimit()),
        response ->
            new Purchase(
                data(response, new TypeReference<Data<PurchaseAnswer>>() {}).orderNumber,
                version(response.header(ApiPaths.PRODUCT_VERSION)),
                "true".equals(response.header(ApiPaths.REPLAYED))));
  }

  /** A method of this class that sends one read request. */
  @FunctionalInterface
  public interface Read<T> {
    StoreResult<T> from(StoreClient client, Deadline deadline) throws InterruptedException;
  }

  /** Repeats a read while connections fail. Each front end is tried at most once. */
  public <T> StoreResult<T> readWithFailover(Read<T> read, Deadline deadline)
      throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      StoreResult<T> result = read.from(this, deadline);
      boolean connectionFailed =
          result instanceof StoreResult.Unanswered<T> failure
              && (failure.reason() == StoreResult.Reason.UNREACHABLE
                  || failure.reason() == StoreResult.Reason.CONNECTION_LOST);
      if (!connectionFailed || attempt == frontEnds.count()) {
        return result;
      }
    }
  }

  /**
   * Sends a purchase under the same key until the store decides it or the deadline passes. The key
   * buys once, even if different front ends receive it.
   *
   * @param worthWaiting decides whether to retry when no front end accepts a connection and no
   *     request was sent before; if not, the outcome is {@link PurchaseOutcome.Failed}
   */
  public PurchaseOutcome buyUntilDecided(
      String name, long quantity, String key, Deadline deadline, BooleanSupplier worthWaiting)
      throws InterruptedException {
    boolean sent = false;
    int unreachable = 0;
    for (int attempt = 1; ; attempt++) {
      StoreResult.Failed<Purchase> failure;
      switch (buy(name, quantity, key, deadline)) {
        case StoreResult.Answered<Purchase>(Purchase purchase) -> {
          return new PurchaseOutcome.Placed(purchase, attempt);
        }
        case StoreResult.Failed<Purchase> failed -> failure = failed;
      }
      if (!failure.temporary()) {
        return new PurchaseOutcome.Failed(failure);
      }
      if (failure instanceof StoreResult.Unanswered<Purchase>(var reason, _)
          && reason == StoreResult.Reason.UNREACHABLE) {
        unreachable++;
        if (unreachable == frontEnds.count() && !sent && !worthWaiting.getAsBoolean()) {
          return new PurchaseOutcome.Failed(failure);
        }
      } else {
        sent = true;
      }
      if (unreachable % frontEnds.count() == 0 && !deadline.passed()) {
        deadline.pause(RETRY_PAUSE);
      }
      if (deadline.passed()) {
        return new PurchaseOutcome.Undecided(failure);
      }
    }
  }

  private <T> StoreResult<T> get(String path, TypeReference<Data<T>> type, Deadline deadline)
      throws InterruptedException {
    return frontEnds.attempt(
        frontEnd -> http.get(frontEnd + path, deadline.timeLimit()),
        response -> data(response, type));
  }

  private static <T> T data(ApiHttpClient.Response response, TypeReference<Data<T>> type)
      throws IOException {
    return Json.mapper().readValue(response.body(), type).data;
  }

  private static @Nullable Long version(@Nullable String header) {
    String digits = header == null ? "" : header.replace("\"", "");
    return digits.matches("[0-9]{1,18}") ? Long.valueOf(digits) : null;
  }
}
