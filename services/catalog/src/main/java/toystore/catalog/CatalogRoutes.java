package toystore.catalog;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import toystore.cache.CacheSessions;
import toystore.cache.ChangePublisher;
import toystore.node.http.ApiExchange;
import toystore.node.http.NodeRoutes;
import toystore.node.replica.LeaderReadCheck;
import toystore.node.replica.Replica;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.InputLimits;
import toystore.protocol.api.Product;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.Hold;
import toystore.protocol.message.ProductReadRequest;
import toystore.protocol.message.Stock;

/**
 * The HTTP endpoints of a catalog. Only the leader answers, and readers get the published state.
 */
final class CatalogRoutes {
  private static final HeaderName ETAG = HeaderNames.ETAG;

  private final Replica<CatalogState> replica;
  private final CatalogService service;
  private final CatalogOpening opening;
  private final ChangePublisher publisher;
  private final CacheSessions sessions;
  private final Duration timeout;
  private final LeaderReadCheck readCheck;

  CatalogRoutes(
      Replica<CatalogState> replica,
      CatalogService service,
      CatalogOpening opening,
      ChangePublisher publisher,
      CacheSessions sessions,
      Duration timeout) {
    this.replica = replica;
    this.service = service;
    this.opening = opening;
    this.publisher = publisher;
    this.sessions = sessions;
    this.timeout = timeout;
    this.readCheck = replica.readGuard().leaderReads(opening::awaitOpen, timeout);
  }

  NodeRoutes routes() {
    return new NodeRoutes()
        .message(ApiPaths.HOLDS, Hold.Batch.class, replica.readGuard().leaderOnly(this::holds))
        .message(
            ApiPaths.PRODUCT_READS,
            ProductReadRequest.class,
            replica.readGuard().leaderOnly(this::productReads))
        .message(
            ApiPaths.LEASE,
            CacheLeaseMessages.Renewal.class,
            replica.readGuard().leaderOnly(this::lease))
        .get(ApiPaths.PRODUCTS + "/{name}", replica.readGuard().leaderOnly(this::product))
        .get(ApiPaths.PRODUCTS, replica.readGuard().leaderOnly(this::products))
        .get(ApiPaths.STOCK, replica.readGuard().leaderOnly(this::stock))
        .post(ApiPaths.FENCE, replica.readGuard().leaderOnly(this::fence))
        .get(ApiPaths.FENCED_STOCK, this::fencedStock)
        .get(CatalogCatchUp.PATH, this::missedState);
  }

  private Hold.Answers holds(Hold.Batch batch) throws Exception {
    opening.awaitOpen(timeout);
    return new Hold.Answers(service.hold(batch));
  }

  private ProductReadRequest.Answers productReads(ProductReadRequest reads) throws Exception {
    readCheck.await();
    return new ProductReadRequest.Answers(reads.names().stream().map(publisher::read).toList());
  }

  private void product(ServerRequest request, ServerResponse response) throws Exception {
    String name = InputLimits.checkName(request.path().pathParameters().get("name"));
    readCheck.await();
    Product.Versioned product = publisher.product(name);
    if (product == null) {
      throw ApiException.notFound("product not found");
    }
    response.header(ETAG, "\"" + product.version() + "\"");
    ApiExchange.sendData(request, response, product.product());
  }

  private void products(ServerRequest request, ServerResponse response) throws Exception {
    readCheck.await();
    List<Product> products = publisher.products().stream().map(Product.Versioned::product).toList();
    ApiExchange.sendData(request, response, products);
  }

  private CacheLeaseMessages.Grant lease(CacheLeaseMessages.Renewal renewal) throws Exception {
    // Only a leader may grant leases (CacheSessions.renew).
    readCheck.await();
    return sessions.renew(renewal);
  }

  /** The applied state with all quantities, so that the stock can be verified. */
  private void stock(ServerRequest request, ServerResponse response) throws Exception {
    replica.readGuard().awaitAllCommitted(timeout);
    ApiExchange.sendJson(request, response, replica.state().report());
  }

  private void fence(ServerRequest request, ServerResponse response) throws Exception {
    ApiExchange.sendJson(request, response, new Stock.Fence(service.fence()));
  }

  /** What this replica held at a fence, so that replicas can be compared. Does not wait for it. */
  private void fencedStock(ServerRequest request, ServerResponse response) {
    Stock.Fenced fenced = replica.state().fenced(ApiExchange.number(request, "index", 0));
    if (fenced == null) {
      throw ApiException.notFound("this catalog does not know that fence");
    }
    ApiExchange.sendJson(request, response, fenced);
  }

  private void missedState(ServerRequest request, ServerResponse response) {
    EndedHoldKey after =
        new EndedHoldKey(
            ApiExchange.number(request, "after", 0), holdId(request.query().get("hold")));
    ApiExchange.sendMessage(request, response, CatalogCatchUp.page(replica.state(), after));
  }

  private static UUID holdId(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, "hold must be a UUID", e);
    }
  }
}
