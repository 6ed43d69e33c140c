package toystore.order;

import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import toystore.api.ApiException;
import toystore.api.Hold;
import toystore.api.Json;
import toystore.api.LoggedOrder;
import toystore.api.Paths;
import toystore.api.Purchase;
import toystore.calls.Deadline;
import toystore.db.replication.ReplicatedLog;
import toystore.replica.Replica;
import toystore.server.Exchange;
import toystore.server.Few;
import toystore.server.NodeServer;

/** HTTP of an order replica. */
final class OrderRoutes {
  private static final int MOST_ROWS = 2_000;

  /** Each may take some megabytes until it is encoded, and a connection to the file. */
  private static final int MOST_LISTINGS = 8;

  private final Replica<OrderLog> replica;
  private final OrderLog log;
  private final PurchaseService purchases;
  private final Duration patience;
  private final Few listings = new Few(MOST_LISTINGS, "listings");

  OrderRoutes(Replica<OrderLog> replica, PurchaseService purchases, Duration patience) {
    this.replica = replica;
    this.log = replica.state();
    this.purchases = purchases;
    this.patience = patience;
  }

  NodeServer.Routes routes() {
    return new NodeServer.Routes()
        .message(Paths.PURCHASES, Purchase.Batch.class, replica.leaderOnly(this::purchases))
        .get(Paths.ORDERS + "/{number}", this::order)
        .get(Paths.ORDERS, this::orders)
        .message(Paths.RESOLUTIONS, Hold.Doubtful.class, replica.leaderOnly(this::resolutions))
        .post(Paths.FENCE, replica.leaderOnly(this::fence))
        .get(Paths.LOG, this::log)
        .get(MissedOrdersWire.PATH, this::missed);
  }

  private Purchase.Answers purchases(Purchase.Batch batch) {
    Deadline deadline = Deadline.in(Duration.ofMillis(batch.budgetMs()));
    return new Purchase.Answers(purchases.buy(batch.purchases(), deadline));
  }

  private Hold.Outcomes resolutions(Hold.Doubtful doubtful) throws Exception {
    return purchases.resolve(doubtful.holds());
  }

  private void fence(ServerRequest request, ServerResponse response) throws Exception {
    ReplicatedLog.Applied fence = purchases.fence();
    Exchange.sendJson(
        request, response, new LoggedOrder.Fence(fence.index(), (Long) fence.result()));
  }

  /** An order never changes: whoever has it may answer. Only its absence needs a proof. */
  private void order(ServerRequest request, ServerResponse response) throws Exception {
    long number = Exchange.number("order number", request.path().pathParameters().get("number"));
    OrderRow row = log.byNumber(number);
    if (row == null) {
      replica.awaitAllCommitted(patience);
      row = log.byNumber(number);
    }
    if (row == null) {
      throw ApiException.notFound("order not found");
    }
    Exchange.sendData(request, response, row.order());
  }

  private void orders(ServerRequest request, ServerResponse response) throws Exception {
    long after = Exchange.after(request);
    int limit = Exchange.limit(request, MOST_ROWS);
    replica.awaitAllCommitted(patience);
    byte[] listing =
        listings.work(
            () ->
                Json.toJson(
                    new Exchange.Data(
                        log.after(after, limit).stream().map(OrderRow::order).toList())));
    Exchange.sendEncoded(request, response, listing);
  }

  /** Rows as they are here, for comparing replicas; what others have is not waited for. */
  private void log(ServerRequest request, ServerResponse response) throws Exception {
    long applied = log.applied().index();
    long after = Exchange.after(request);
    int limit = Exchange.limit(request, MOST_ROWS);
    byte[] page =
        listings.work(
            () ->
                Json.toJson(
                    new LoggedOrder.Page(
                        applied, log.after(after, limit).stream().map(OrderRow::logged).toList())));
    Exchange.sendEncoded(request, response, page);
  }

  private void missed(ServerRequest request, ServerResponse response) {
    Exchange.send(
        request,
        response,
        200,
        HeaderValues.CONTENT_TYPE_OCTET_STREAM,
        MissedOrdersWire.page(log, Exchange.number(request, "from", 0)));
  }
}
