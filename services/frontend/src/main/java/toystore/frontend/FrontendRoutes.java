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
import toystore.cache.ProductCache;
import toystore.node.http.HttpExchange;
import toystore.node.http.NodeRoutes;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.InputLimits;
import toystore.protocol.api.Uuids;
import toystore.protocol.codec.JsonWritable;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.PurchaseRequest;

/** The public API, and what the catalog says to the cache. */
final class FrontendRoutes {
  private static final HeaderName KEY = HeaderNames.create(ApiPaths.IDEMPOTENCY_KEY);
  private static final HeaderName VERSION = HeaderNames.create(ApiPaths.PRODUCT_VERSION);
  private static final Header REPLAYED =
      HeaderValues.createCached(HeaderNames.create(ApiPaths.REPLAYED), "true");

  /** So that a page is no more than a connection may take of the heap. */
  private static final int MOST_ORDERS = 1_000;

  private final ProductReader products;
  private final PurchaseForwarder purchases;
  private final OrderReader orders;
  private final @Nullable ProductCache cache;
  private final RequestMetrics metrics;
  private final int maxBody;

  FrontendRoutes(
      ProductReader products,
      PurchaseForwarder purchases,
      OrderReader orders,
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
  private record Bought(long orderNumber) implements JsonWritable {
    @Override
    public void write(JsonGenerator out) throws IOException {
      out.writeStartObject();
      out.writeNumberField("order_number", orderNumber);
      out.writeEndObject();
    }
  }

  NodeRoutes routes() {
    return new NodeRoutes()
        .post(ApiPaths.ORDERS, metrics.purchase(this::buy))
        .get(ApiPaths.PRODUCTS + "/{name}", metrics.read("product", this::product))
        .get(ApiPaths.ORDERS + "/{number}", metrics.read("order", this::order))
        .get(ApiPaths.PRODUCTS, metrics.read("products", this::products))
        .get(ApiPaths.ORDERS, metrics.read("orders", this::orders))
        .message(ApiPaths.INVALIDATION, CacheLeaseMessages.Invalidation.class, this::invalidation);
  }

  private String buy(ServerRequest request, ServerResponse response) throws Exception {
    OrderRequestBody body = OrderRequestBody.parse(HttpExchange.jsonBody(request, maxBody));
    PurchaseRequest purchase = new PurchaseRequest(orderId(request), body.name(), body.quantity());
    return switch (purchases.buy(purchase)) {
      case PurchaseRequest.Placed placed -> {
        response.header(VERSION, Long.toString(placed.productVersion()));
        // Without a key it is the front end that repeated it, which is no news to the client.
        boolean repeated = placed.replayed() && request.headers().contains(KEY);
        if (repeated) {
          response.header(REPLAYED);
        }
        HttpExchange.sendData(request, response, new Bought(placed.number()));
        yield repeated ? "replayed" : "placed";
      }
      case PurchaseRequest.OutOfStock few ->
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
      case PurchaseRequest.UnknownProduct unknown ->
          throw new RequestMetrics.Refused(
              "unknown_product", ApiException.notFound("product not found"));
      case PurchaseRequest.OrderIdReused other ->
          throw new RequestMetrics.Refused(
              "other_body",
              new ApiException(
                  422,
                  "this Idempotency-Key was used for another purchase, order " + other.number()));
      case PurchaseRequest.Undecided undecided -> throw ApiException.unavailable(undecided.why());
    };
  }

  /** The same for every repetition of a request that carries a key, and fresh without one. */
  private static UUID orderId(ServerRequest request) {
    if (!request.headers().contains(KEY)) {
      return Uuids.fresh();
    }
    List<String> keys = request.headers().all(KEY, List::of);
    if (keys.size() != 1) {
      throw ApiException.badRequest("Idempotency-Key is given more than once");
    }
    return Uuids.fromIdempotencyKey(keys.getFirst());
  }

  private void product(ServerRequest request, ServerResponse response) throws Exception {
    String name = InputLimits.checkName(request.path().pathParameters().get("name"));
    ProductReader.Found found = products.product(name);
    response.header(HeaderNames.ETAG, "\"" + found.product().version() + "\"");
    if (found.age() != null) {
      response.header(HeaderNames.AGE, Long.toString(found.age().toSeconds()));
    }
    HttpExchange.sendData(request, response, found.product().product());
  }

  private void products(ServerRequest request, ServerResponse response) throws Exception {
    HttpExchange.send(request, response, 200, HeaderValues.CONTENT_TYPE_JSON, products.all());
  }

  private void order(ServerRequest request, ServerResponse response) throws Exception {
    long number =
        HttpExchange.number("order number", request.path().pathParameters().get("number"));
    pass(request, response, orders.get(ApiPaths.ORDERS + "/" + number));
  }

  private void orders(ServerRequest request, ServerResponse response) throws Exception {
    String query =
        "?after="
            + HttpExchange.after(request)
            + "&limit="
            + HttpExchange.limit(request, MOST_ORDERS);
    pass(request, response, orders.get(ApiPaths.ORDERS + query));
  }

  /** A replica's answer, error or not, is the front end's. */
  private static void pass(ServerRequest request, ServerResponse response, NodeReply reply) {
    if (reply.status() == 404) {
      throw ApiException.notFound("order not found");
    }
    HttpExchange.send(
        request, response, reply.status(), HeaderValues.CONTENT_TYPE_JSON, reply.body());
  }

  private CacheLeaseMessages.InvalidationAck invalidation(CacheLeaseMessages.Invalidation told) {
    if (cache == null || !cache.invalidate(told.session(), told.names())) {
      throw new ApiException(410, "there is no such cache session");
    }
    return new CacheLeaseMessages.InvalidationAck();
  }
}
