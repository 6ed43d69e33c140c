package toystore.toyctl.cluster;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Order;
import toystore.protocol.api.Product;
import toystore.protocol.codec.Json;

/**
 * The public API, as any client uses it. One that knows several front ends stays at one of them
 * until it fails, and then goes on at the next.
 */
public final class StoreClient {
  private static final Duration RETRY = Duration.ofMillis(100);

  private final HttpApi http;
  private final List<String> frontEnds;
  private int current;

  /**
   * @param frontEnds their addresses, {@code http://host:port}
   * @param first which of them to begin with
   */
  public StoreClient(HttpApi http, List<String> frontEnds, int first) {
    this.http = http;
    this.frontEnds = List.copyOf(frontEnds);
    this.current = first;
  }

  private String frontEnd() {
    return frontEnds.get(current);
  }

  private void goToNext() {
    current = (current + 1) % frontEnds.size();
  }

  /** The envelope of every successful answer. */
  record Data<T>(T data) {}

  /** What a purchase is answered with. */
  record Placed(long orderNumber) {}

  /**
   * What became of a purchase.
   *
   * @param productVersion the product's version that it made, if the answer said so
   * @param replayed an earlier request with this key placed the order
   * @param attempts how many requests it took
   */
  public record Bought(
      long orderNumber, @Nullable Long productVersion, boolean replayed, int attempts) {}

  public List<Product> products(Duration limit) throws InterruptedException {
    return read(ApiPaths.PRODUCTS, "products", new TypeReference<Data<List<Product>>>() {}, limit);
  }

  /** A product with the version that its ETag carries. */
  public record Seen(Product product, @Nullable Long version) {}

  public Seen product(String name, Duration limit) throws InterruptedException {
    String what = "product " + name;
    HttpApi.Answer answer = get(ApiPaths.PRODUCTS + "/" + HttpApi.encode(name), what, limit);
    return new Seen(
        decode(answer, what, new TypeReference<Data<Product>>() {}),
        version(answer.header("ETag")));
  }

  public Order order(long number, Duration limit) throws InterruptedException {
    return read(
        ApiPaths.ORDERS + "/" + number,
        "order " + number,
        new TypeReference<Data<Order>>() {},
        limit);
  }

  /**
   * A page of orders by rising number.
   *
   * @param after the number before the first one, or null to begin with the first order
   */
  public List<Order> orders(@Nullable Long after, int count, Duration limit)
      throws InterruptedException {
    String from = after == null ? "" : "after=" + after + "&";
    return read(
        ApiPaths.ORDERS + "?" + from + "limit=" + count,
        "orders",
        new TypeReference<Data<List<Order>>>() {},
        limit);
  }

  /**
   * Buys, and keeps trying under the same key until the deadline: only then is it unknown whether
   * the purchase happens.
   *
   * @param up whether it is worth waiting while nothing listens at the front end's address
   */
  public Bought buy(
      String name, long quantity, String key, CommandDeadline deadline, BooleanSupplier up)
      throws InterruptedException {
    byte[] body = Json.toJson(new Wanted(name, quantity));
    String last = "";
    boolean sent = false;
    int refused = 0;
    for (int attempt = 1; attempt == 1 || !deadline.passed(); attempt++) {
      try {
        HttpApi.Answer answer = http.post(frontEnd() + ApiPaths.ORDERS, body, key, deadline.left());
        if (answer.ok()) {
          Placed placed = decode(answer, "buy", new TypeReference<Data<Placed>>() {});
          return new Bought(
              placed.orderNumber,
              version(answer.header(ApiPaths.PRODUCT_VERSION)),
              "true".equals(answer.header(ApiPaths.REPLAYED)),
              attempt);
        }
        if (answer.status() != 503) {
          throw refused("buy", answer, key);
        }
        last = answer.problem();
        sent = true;
      } catch (ConnectException e) {
        refused++;
        if (refused == frontEnds.size() && !sent && !up.getAsBoolean()) {
          throw notRunning(e);
        }
        last = Wordings.reason(e);
      } catch (IOException e) {
        last = Wordings.reason(e);
        sent = true;
      }
      // The same key buys once, wherever it is sent to.
      goToNext();
      if (refused % frontEnds.size() == 0 && !deadline.passed()) {
        deadline.pause(RETRY);
      }
    }
    throw new ToyctlException(
        ExitCode.TIMED_OUT,
        "buy",
        "no decision within " + deadline.inWords() + " (" + last + "); it may still happen",
        "toyctl buy '" + name + "' " + quantity + " --key " + key + "   (the same key buys once)");
  }

  private record Wanted(String name, long quantity) {}

  private <T> T read(String path, String what, TypeReference<Data<T>> type, Duration limit)
      throws InterruptedException {
    return decode(get(path, what, limit), what, type);
  }

  private HttpApi.Answer get(String path, String what, Duration limit) throws InterruptedException {
    CommandDeadline deadline = CommandDeadline.in(limit);
    for (int failed = 1; ; failed++) {
      try {
        HttpApi.Answer answer = http.get(frontEnd() + path, deadline.left());
        if (!answer.ok()) {
          throw refused(what, answer, null);
        }
        return answer;
      } catch (HttpTimeoutException e) {
        goToNext();
        throw new ToyctlException(ExitCode.TIMED_OUT, what, Wordings.reason(e), "toyctl status", e);
      } catch (IOException e) {
        goToNext();
        if (failed == frontEnds.size()) {
          throw e instanceof ConnectException refusal
              ? notRunning(refusal)
              : new ToyctlException(ExitCode.FAILED, what, Wordings.reason(e), "toyctl status", e);
        }
      }
    }
  }

  private ToyctlException notRunning(ConnectException e) {
    return new ToyctlException(
        ExitCode.NOT_RUNNING,
        "front end",
        "nothing listens at " + String.join(", ", frontEnds),
        "toyctl up",
        e);
  }

  private static ToyctlException refused(String what, HttpApi.Answer answer, @Nullable String key) {
    // What a server could not decide because of a fault of its own may have happened.
    boolean unknown = key != null && answer.status() >= 500;
    String remedy =
        switch (answer.status()) {
          case 404 -> what.startsWith("order") ? "toyctl order list" : "toyctl product list";
          case 409 -> "toyctl product list";
          case 422 -> "toyctl buy without --key";
          case 400 -> "toyctl help";
          default -> "toyctl status";
        };
    return new ToyctlException(
        unknown ? ExitCode.STATE_UNKNOWN : ExitCode.FAILED,
        what,
        answer.problem(),
        remedy,
        new ApiException(answer.status(), answer.problem()));
  }

  private static <T> T decode(HttpApi.Answer answer, String what, TypeReference<Data<T>> type) {
    try {
      Data<T> envelope = Json.json().readValue(answer.body(), type);
      return envelope.data;
    } catch (IOException e) {
      throw new ToyctlException(
          ExitCode.FAILED,
          what,
          "the answer is not the store's: " + Wordings.reason(e),
          "toyctl status",
          e);
    }
  }

  private static @Nullable Long version(@Nullable String header) {
    String digits = header == null ? "" : header.replace("\"", "");
    return digits.matches("[0-9]{1,18}") ? Long.valueOf(digits) : null;
  }
}
