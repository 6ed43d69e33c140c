package toystore.frontend;

import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.api.ApiException;
import toystore.api.CacheLease;
import toystore.api.Ids;
import toystore.api.Json;
import toystore.api.Limits;
import toystore.api.Paths;
import toystore.api.Purchase;
import toystore.cache.ProductCache;
import toystore.calls.Caller;
import toystore.server.Exchange;
import toystore.server.NodeServer;

/** The public API, and what the catalog says to the cache. */
final class FrontendRoutes {
  private static final HeaderName KEY = HeaderNames.create(Paths.IDEMPOTENCY_KEY);
  private static final HeaderName VERSION = HeaderNames.create(Paths.PRODUCT_VERSION);
  private static final Header REPLAYED =
      HeaderValues.createCached(HeaderNames.create(Paths.REPLAYED), "true");

  /** So that a page is no more than a connection may take of the heap. */
  private static final int MOST_ORDERS = 1_000;

  private final ProductDesk products;
  private final PurchaseDesk purchases;
  private final OrderReads orders;
  private final @Nullable ProductCache cache;
  private final RequestMetrics metrics;
  private final int maxBody;

  FrontendRoutes(
      ProductDesk products,
      PurchaseDesk purchases,
      OrderReads orders,
      @Nullable ProductCache cache,
      RequestMetrics metrics,
      int maxBody) {
    this.products = products;
    this.purchases = purchases;
    this.orders = orders;
    this.cache = cache;
    this.metrics = metrics;
    this.maxBody = maxBody;
  }

  /** What a purchase is answered with. */
  private record Bought(long orderNumber) implements Json.Written {
    @Override
    public void write(JsonGenerator out) throws IOException {
      out.writeStartObject();
      out.writeNumberField("order_number", orderNumber);
      out.writeEndObject();
    }
  }

  NodeServer.Routes routes() {
    return new NodeServer.Routes()
        .post(Paths.ORDERS, metrics.purchase(this::buy))
        .get(Paths.PRODUCTS + "/{name}", metrics.read("product", this::product))
        .get(Paths.ORDERS + "/{number}", metrics.read("order", this::order))
        .get(Paths.PRODUCTS, metrics.read("products", this::products))
        .get(Paths.ORDERS, metrics.read("orders", this::orders))
        .message(Paths.INVALIDATION, CacheLease.Invalidation.class, this::invalidation);
  }

  private String buy(ServerRequest request, ServerResponse response) throws Exception {
    OrderBody body = OrderBody.parse(Exchange.jsonBody(request, maxBody));
    Purchase purchase = new Purchase(orderId(request), body.name(), body.quantity());
    return switch (purchases.buy(purchase)) {
      case Purchase.Placed placed -> {
        response.header(VERSION, Long.toString(placed.productVersion()));
        // Without a key it is the front end that repeated it, which is no news to the client.
        boolean repeated = placed.replayed() && request.headers().contains(KEY);
        if (repeated) {
          response.header(REPLAYED);
        }
        Exchange.sendData(request, response, new Bought(placed.number()));
        yield repeated ? "replayed" : "placed";
      }
      case Purchase.OutOfStock few ->
          throw new RequestMetrics.Refused(
              "out_of_stock",
              new ApiException(
                  409,
                  "not enough stock: "
                      + few.left()
                      + " of '"
                      + body.name()
                      + "' left, "
                      + body.quantity()
                      + " wanted"));
      case Purchase.UnknownProduct unknown ->
          throw new RequestMetrics.Refused(
              "unknown_product", ApiException.notFound("product not found"));
      case Purchase.OtherBody other ->
          throw new RequestMetrics.Refused(
              "other_body",
              new ApiException(
                  422,
                  "this Idempotency-Key was used for another purchase, order " + other.number()));
      case Purchase.Undecided undecided -> throw ApiException.unavailable(undecided.why());
    };
  }

  /** The same for every repetition of a request that carries a key, and fresh without one. */
  private static UUID orderId(ServerRequest request) {
    if (!request.headers().contains(KEY)) {
      return Ids.fresh();
    }
    List<String> keys = request.headers().all(KEY, List::of);
    if (keys.size() != 1) {
      throw ApiException.badRequest("Idempotency-Key is given more than once");
    }
    return Ids.fromIdempotencyKey(keys.getFirst());
  }

  private void product(ServerRequest request, ServerResponse response) throws Exception {
    String name = Limits.checkName(request.path().pathParameters().get("name"));
    ProductDesk.Found found = products.product(name);
    response.header(HeaderNames.ETAG, "\"" + found.product().version() + "\"");
    if (found.age() != null) {
      response.header(HeaderNames.AGE, Long.toString(found.age().toSeconds()));
    }
    Exchange.sendData(request, response, found.product().product());
  }

  private void products(ServerRequest request, ServerResponse response) throws Exception {
    Exchange.send(request, response, 200, HeaderValues.CONTENT_TYPE_JSON, products.all());
  }

  private void order(ServerRequest request, ServerResponse response) throws Exception {
    long number = Exchange.number("order number", request.path().pathParameters().get("number"));
    pass(request, response, orders.get(Paths.ORDERS + "/" + number));
  }

  private void orders(ServerRequest request, ServerResponse response) throws Exception {
    String query =
        "?after=" + Exchange.after(request) + "&limit=" + Exchange.limit(request, MOST_ORDERS);
    pass(request, response, orders.get(Paths.ORDERS + query));
  }

  /** A replica's answer, error or not, is the front end's. */
  private static void pass(ServerRequest request, ServerResponse response, Caller.Reply reply) {
    if (reply.status() == 404) {
      throw ApiException.notFound("order not found");
    }
    Exchange.send(request, response, reply.status(), HeaderValues.CONTENT_TYPE_JSON, reply.body());
  }

  private CacheLease.Heard invalidation(CacheLease.Invalidation told) {
    if (cache == null || !cache.invalidate(told.session(), told.names())) {
      throw new ApiException(410, "there is no such cache session");
    }
    return new CacheLease.Heard();
  }
}
