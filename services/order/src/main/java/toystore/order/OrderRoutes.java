package toystore.order;

import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import toystore.client.Deadline;
import toystore.db.log.ReplicatedLog;
import toystore.node.http.Bulkhead;
import toystore.node.http.HttpExchange;
import toystore.node.http.NodeServer;
import toystore.node.replica.Replica;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Hold;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.PurchaseRequest;

/** HTTP of an order replica. */
final class OrderRoutes {
  private static final int MOST_ROWS = 2_000;

  /** Each may take some megabytes until it is encoded, and a connection to the file. */
  private static final int MOST_LISTINGS = 8;

  private final Replica<OrderLog> replica;
  private final OrderLog log;
  private final PurchaseService purchases;
  private final Duration patience;
  private final Bulkhead listings = new Bulkhead(MOST_LISTINGS, "listings");

  OrderRoutes(Replica<OrderLog> replica, PurchaseService purchases, Duration patience) {
    this.replica = replica;
    this.log = replica.state();
    this.purchases = purchases;
    this.patience = patience;
  }

  NodeServer.Routes routes() {
    return new NodeServer.Routes()
        .message(
            ApiPaths.PURCHASES, PurchaseRequest.Batch.class, replica.leaderOnly(this::purchases))
        .get(ApiPaths.ORDERS + "/{number}", this::order)
        .get(ApiPaths.ORDERS, this::orders)
        .message(ApiPaths.RESOLUTIONS, Hold.Doubtful.class, replica.leaderOnly(this::resolutions))
        .post(ApiPaths.FENCE, replica.leaderOnly(this::fence))
        .get(ApiPaths.LOG, this::log)
        .get(OrderCatchUp.PATH, this::missed);
  }

  private PurchaseRequest.Answers purchases(PurchaseRequest.Batch batch) {
    Deadline deadline = Deadline.in(Duration.ofMillis(batch.budgetMs()));
    return new PurchaseRequest.Answers(purchases.buy(batch.purchases(), deadline));
  }

  private Hold.Outcomes resolutions(Hold.Doubtful doubtful) throws Exception {
    return purchases.resolve(doubtful.holds());
  }

  private void fence(ServerRequest request, ServerResponse response) throws Exception {
    ReplicatedLog.Applied fence = purchases.fence();
    HttpExchange.sendJson(
        request, response, new LoggedOrder.Fence(fence.index(), (Long) fence.result()));
  }

  /** An order never changes: whoever has it may answer. Only its absence needs a proof. */
  private void order(ServerRequest request, ServerResponse response) throws Exception {
    long number =
        HttpExchange.number("order number", request.path().pathParameters().get("number"));
    OrderRow row = log.byNumber(number);
    if (row == null) {
      replica.awaitAllCommitted(patience);
      row = log.byNumber(number);
    }
    if (row == null) {
      throw ApiException.notFound("order not found");
    }
    HttpExchange.sendData(request, response, row.order());
  }

  private void orders(ServerRequest request, ServerResponse response) throws Exception {
    long after = HttpExchange.after(request);
    int limit = HttpExchange.limit(request, MOST_ROWS);
    replica.awaitAllCommitted(patience);
    byte[] listing =
        listings.work(
            () ->
                Json.toJson(
                    new HttpExchange.Data(
                        log.after(after, limit).stream().map(OrderRow::order).toList())));
    HttpExchange.sendEncoded(request, response, listing);
  }

  /** Rows as they are here, for comparing replicas; what others have is not waited for. */
  private void log(ServerRequest request, ServerResponse response) throws Exception {
    long applied = log.applied().index();
    long after = HttpExchange.after(request);
    int limit = HttpExchange.limit(request, MOST_ROWS);
    byte[] page =
        listings.work(
            () ->
                Json.toJson(
                    new LoggedOrder.Page(
                        applied, log.after(after, limit).stream().map(OrderRow::logged).toList())));
    HttpExchange.sendEncoded(request, response, page);
  }

  private void missed(ServerRequest request, ServerResponse response) {
    HttpExchange.send(
        request,
        response,
        200,
        HeaderValues.CONTENT_TYPE_OCTET_STREAM,
        OrderCatchUp.page(log, HttpExchange.number(request, "from", 0)));
  }
}
