package toystore.order;

import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import toystore.client.Deadline;
import toystore.db.log.ReplicatedLog;
import toystore.node.http.ApiExchange;
import toystore.node.http.NodeRoutes;
import toystore.node.limit.Bulkhead;
import toystore.node.replica.Replica;
import toystore.order.log.OrderCatchUp;
import toystore.order.log.OrderLog;
import toystore.order.log.OrderProposer;
import toystore.order.log.OrderRow;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Hold;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.PurchaseRequest;

/** The HTTP endpoints of an order replica. */
final class OrderRoutes {
  private static final int MAX_ROWS = 2_000;

  /** Each listing may need some megabytes of memory, and a connection of the read pool. */
  private static final int MAX_LISTINGS = 8;

  private final Replica<OrderLog> replica;
  private final OrderLog log;
  private final PurchaseService purchases;
  private final OrderProposer proposer;
  private final Duration timeout;
  private final Bulkhead listings = new Bulkhead(MAX_LISTINGS, "listings");

  OrderRoutes(
      Replica<OrderLog> replica,
      PurchaseService purchases,
      OrderProposer proposer,
      Duration timeout) {
    this.replica = replica;
    this.log = replica.state();
    this.purchases = purchases;
    this.proposer = proposer;
    this.timeout = timeout;
  }

  NodeRoutes routes() {
    return new NodeRoutes()
        .message(
            ApiPaths.PURCHASES,
            PurchaseRequest.Batch.class,
            replica.readGuard().leaderOnly(this::purchases))
        .get(ApiPaths.ORDERS + "/{number}", this::order)
        .get(ApiPaths.ORDERS, this::orders)
        .message(
            ApiPaths.RESOLUTIONS,
            Hold.InDoubtBatch.class,
            replica.readGuard().leaderOnly(this::resolutions))
        .post(ApiPaths.FENCE, replica.readGuard().leaderOnly(this::fence))
        .get(ApiPaths.LOG, this::logRows)
        .get(OrderCatchUp.PATH, this::missedOrders);
  }

  private PurchaseRequest.Answers purchases(PurchaseRequest.Batch batch) {
    Deadline deadline = Deadline.in(Duration.ofMillis(batch.budgetMs()));
    return new PurchaseRequest.Answers(purchases.buy(batch.purchases(), deadline));
  }

  private Hold.Outcomes resolutions(Hold.InDoubtBatch doubtful) throws Exception {
    return proposer.resolve(doubtful.holds());
  }

  private void fence(ServerRequest request, ServerResponse response) throws Exception {
    ReplicatedLog.Applied fence = proposer.fence();
    ApiExchange.sendJson(
        request, response, new LoggedOrder.Fence(fence.index(), (Long) fence.result()));
  }

  /**
   * Orders never change, so any replica that has the order may answer. A replica that does not have
   * it first waits until it has applied everything that was committed.
   */
  private void order(ServerRequest request, ServerResponse response) throws Exception {
    long number = ApiExchange.number("order number", request.path().pathParameters().get("number"));
    OrderRow row = replica.readGuard().findImmutable(() -> log.lookup().byNumber(number), timeout);
    if (row == null) {
      throw ApiException.notFound("order not found");
    }
    ApiExchange.sendData(request, response, row.order());
  }

  private void orders(ServerRequest request, ServerResponse response) throws Exception {
    long after = ApiExchange.after(request);
    int limit = ApiExchange.limit(request, MAX_ROWS);
    replica.readGuard().awaitAllCommitted(timeout);
    byte[] listing =
        listings.run(
            () ->
                Json.toJson(
                    new ApiExchange.Data(
                        log.lookup().after(after, limit).stream().map(OrderRow::order).toList())));
    ApiExchange.sendEncoded(request, response, listing);
  }

  /** The rows of this replica as they are, so that replicas can be compared. */
  private void logRows(ServerRequest request, ServerResponse response) throws Exception {
    long applied = log.applied().index();
    long after = ApiExchange.after(request);
    int limit = ApiExchange.limit(request, MAX_ROWS);
    byte[] page =
        listings.run(
            () ->
                Json.toJson(
                    new LoggedOrder.Page(
                        applied,
                        log.lookup().after(after, limit).stream().map(OrderRow::logged).toList())));
    ApiExchange.sendEncoded(request, response, page);
  }

  private void missedOrders(ServerRequest request, ServerResponse response) {
    ApiExchange.send(
        request,
        response,
        200,
        HeaderValues.CONTENT_TYPE_OCTET_STREAM,
        OrderCatchUp.page(log, ApiExchange.number(request, "from", 0)));
  }
}
