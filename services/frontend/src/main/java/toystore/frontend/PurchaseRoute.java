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
import toystore.node.http.ApiExchange;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Uuids;
import toystore.protocol.codec.JsonWritable;
import toystore.protocol.message.PurchaseRequest;

/** Handles {@code POST /orders}. */
final class PurchaseRoute implements RequestMetrics.PurchaseHandler {
  private static final HeaderName KEY = HeaderNames.create(ApiPaths.IDEMPOTENCY_KEY);
  private static final HeaderName VERSION = HeaderNames.create(ApiPaths.PRODUCT_VERSION);
  private static final Header REPLAYED =
      HeaderValues.createCached(HeaderNames.create(ApiPaths.REPLAYED), "true");

  private final PurchaseForwarder purchases;
  private final int maxBodyBytes;

  PurchaseRoute(PurchaseForwarder purchases, int maxBodyBytes) {
    this.purchases = purchases;
    this.maxBodyBytes = maxBodyBytes;
  }

  /** The body of the response to a successful purchase. */
  private record OrderPlaced(long orderNumber) implements JsonWritable {
    @Override
    public void write(JsonGenerator out) throws IOException {
      out.writeStartObject();
      out.writeNumberField("order_number", orderNumber);
      out.writeEndObject();
    }
  }

  @Override
  public String handle(ServerRequest request, ServerResponse response) throws Exception {
    OrderRequestBody body = OrderRequestBody.parse(ApiExchange.jsonBody(request, maxBodyBytes));
    PurchaseRequest purchase = new PurchaseRequest(orderId(request), body.name(), body.quantity());
    return switch (purchases.buy(purchase)) {
      case PurchaseRequest.Placed placed -> {
        response.header(VERSION, Long.toString(placed.productVersion()));
        // If the client sent no key, only this front end can have repeated the purchase. The
        // response does not mention that.
        boolean repeated = placed.replayed() && request.headers().contains(KEY);
        if (repeated) {
          response.header(REPLAYED);
        }
        ApiExchange.sendData(request, response, new OrderPlaced(placed.number()));
        yield repeated ? "replayed" : "placed";
      }
      case PurchaseRequest.OutOfStock stock ->
          throw new RequestMetrics.Refused(
              "out_of_stock",
              new ApiException(
                  409,
                  "not enough stock: "
                      + stock.left()
                      + " of '"
                      + body.name()
                      + "' left, "
                      + body.quantity()
                      + " wanted"));
      case PurchaseRequest.UnknownProduct unknown ->
          throw new RequestMetrics.Refused(
              "unknown_product", ApiException.notFound("product not found"));
      case PurchaseRequest.OrderIdReused reused ->
          throw new RequestMetrics.Refused(
              "other_body",
              new ApiException(
                  422,
                  "this Idempotency-Key was used for another purchase, order " + reused.number()));
      case PurchaseRequest.Undecided undecided -> throw ApiException.unavailable(undecided.why());
    };
  }

  /**
   * Returns the order id of a request: derived from its {@code Idempotency-Key}, so that a repeated
   * request has the same id, or a new id if it has no key.
   */
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
}
