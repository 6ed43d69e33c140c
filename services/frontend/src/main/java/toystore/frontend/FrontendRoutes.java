package toystore.frontend;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import org.jspecify.annotations.Nullable;
import toystore.cache.ProductCache;
import toystore.node.http.ApiExchange;
import toystore.node.http.NodeRoutes;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.InputLimits;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.NodeReply;

/** The routes of a front end: the public API, and the invalidations that the catalog sends. */
final class FrontendRoutes {
  /** Maximum number of orders in a page. A connection may occupy only so much of the heap. */
  private static final int MAX_ORDERS = 1_000;

  private final ProductReader products;
  private final PurchaseRoute purchases;
  private final OrderReader orders;
  private final @Nullable ProductCache cache;
  private final RequestMetrics metrics;

  FrontendRoutes(
      ProductReader products,
      PurchaseRoute purchases,
      OrderReader orders,
      @Nullable ProductCache cache,
      RequestMetrics metrics) {
    this.products = products;
    this.purchases = purchases;
    this.orders = orders;
    this.cache = cache;
    this.metrics = metrics;
  }

  NodeRoutes routes() {
    return new NodeRoutes()
        .post(ApiPaths.ORDERS, metrics.purchase(purchases))
        .get(ApiPaths.PRODUCTS + "/{name}", metrics.read("product", this::product))
        .get(ApiPaths.ORDERS + "/{number}", metrics.read("order", this::order))
        .get(ApiPaths.PRODUCTS, metrics.read("products", this::products))
        .get(ApiPaths.ORDERS, metrics.read("orders", this::orders))
        .message(ApiPaths.INVALIDATION, CacheLeaseMessages.Invalidation.class, this::invalidate);
  }

  private void product(ServerRequest request, ServerResponse response) throws Exception {
    String name = InputLimits.checkName(request.path().pathParameters().get("name"));
    ProductReader.Found found = products.product(name);
    response.header(HeaderNames.ETAG, "\"" + found.product().version() + "\"");
    if (found.age() != null) {
      response.header(HeaderNames.AGE, Long.toString(found.age().toSeconds()));
    }
    ApiExchange.sendData(request, response, found.product().product());
  }

  private void products(ServerRequest request, ServerResponse response) throws Exception {
    ApiExchange.send(request, response, 200, HeaderValues.CONTENT_TYPE_JSON, products.all());
  }

  private void order(ServerRequest request, ServerResponse response) throws Exception {
    long number = ApiExchange.number("order number", request.path().pathParameters().get("number"));
    forward(request, response, orders.get(ApiPaths.ORDERS + "/" + number));
  }

  private void orders(ServerRequest request, ServerResponse response) throws Exception {
    String query =
        "?after=" + ApiExchange.after(request) + "&limit=" + ApiExchange.limit(request, MAX_ORDERS);
    forward(request, response, orders.get(ApiPaths.ORDERS + query));
  }

  /** Forwards the response of an order replica, also if it is an error. */
  private static void forward(ServerRequest request, ServerResponse response, NodeReply reply) {
    if (reply.status() == 404) {
      throw ApiException.notFound("order not found");
    }
    ApiExchange.send(
        request, response, reply.status(), HeaderValues.CONTENT_TYPE_JSON, reply.body());
  }

  private CacheLeaseMessages.InvalidationAck invalidate(CacheLeaseMessages.Invalidation message) {
    if (cache == null || !cache.invalidate(message.session(), message.names())) {
      throw new ApiException(410, "there is no such cache session");
    }
    return new CacheLeaseMessages.InvalidationAck();
  }
}
