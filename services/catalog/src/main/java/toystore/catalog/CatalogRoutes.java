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
import toystore.node.http.HttpExchange;
import toystore.node.http.NodeServer;
import toystore.node.replica.Replica;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.InputLimits;
import toystore.protocol.api.Product;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.Hold;
import toystore.protocol.message.ProductReadRequest;
import toystore.protocol.message.Stock;

/** HTTP of the catalog. Only its leader answers; what readers see is the published state. */
final class CatalogRoutes {
  private static final HeaderName ETAG = HeaderNames.ETAG;

  private final Replica<CatalogState> replica;
  private final CatalogService service;
  private final ChangePublisher publisher;
  private final CacheSessions sessions;
  private final Duration patience;
  private final LeaderReadCheck proof;

  CatalogRoutes(
      Replica<CatalogState> replica,
      CatalogService service,
      ChangePublisher publisher,
      CacheSessions sessions,
      Duration patience) {
    this.replica = replica;
    this.service = service;
    this.publisher = publisher;
    this.sessions = sessions;
    this.patience = patience;
    this.proof =
        new LeaderReadCheck(
            () -> replica.log().status(), service::awaitOpen, replica::awaitAllCommitted, patience);
  }

  NodeServer.Routes routes() {
    return new NodeServer.Routes()
        .message(ApiPaths.HOLDS, Hold.Batch.class, replica.leaderOnly(this::holds))
        .message(
            ApiPaths.PRODUCT_READS,
            ProductReadRequest.class,
            replica.leaderOnly(this::productReads))
        .message(ApiPaths.LEASE, CacheLeaseMessages.Renewal.class, replica.leaderOnly(this::lease))
        .get(ApiPaths.PRODUCTS + "/{name}", replica.leaderOnly(this::product))
        .get(ApiPaths.PRODUCTS, replica.leaderOnly(this::products))
        .get(ApiPaths.STOCK, replica.leaderOnly(this::stock))
        .post(ApiPaths.FENCE, replica.leaderOnly(this::fence))
        .get(ApiPaths.FENCED_STOCK, this::fencedStock)
        .get(CatalogCatchUp.PATH, this::missed);
  }

  private Hold.Answers holds(Hold.Batch batch) throws Exception {
    service.awaitOpen(patience);
    return new Hold.Answers(service.hold(batch));
  }

  private ProductReadRequest.Answers productReads(ProductReadRequest reads) throws Exception {
    proof.await();
    return new ProductReadRequest.Answers(reads.names().stream().map(publisher::read).toList());
  }

  private void product(ServerRequest request, ServerResponse response) throws Exception {
    String name = InputLimits.checkName(request.path().pathParameters().get("name"));
    proof.await();
    Product.Versioned product = publisher.product(name);
    if (product == null) {
      throw ApiException.notFound("product not found");
    }
    response.header(ETAG, "\"" + product.version() + "\"");
    HttpExchange.sendData(request, response, product.product());
  }

  private void products(ServerRequest request, ServerResponse response) throws Exception {
    proof.await();
    List<Product> products = publisher.products().stream().map(Product.Versioned::product).toList();
    HttpExchange.sendData(request, response, products);
  }

  private CacheLeaseMessages.Grant lease(CacheLeaseMessages.Renewal renewal) throws Exception {
    // The proof that Sessions.renew asks for.
    proof.await();
    return sessions.renew(renewal);
  }

  /** The applied state with all its numbers, for verifying that stock is exact. */
  private void stock(ServerRequest request, ServerResponse response) throws Exception {
    replica.awaitAllCommitted(patience);
    HttpExchange.sendJson(request, response, replica.state().report());
  }

  private void fence(ServerRequest request, ServerResponse response) throws Exception {
    HttpExchange.sendJson(request, response, new Stock.Fence(service.fence()));
  }

  /** What this replica held at a fence, for comparing replicas; it is not waited for. */
  private void fencedStock(ServerRequest request, ServerResponse response) {
    Stock.Fenced fenced = replica.state().fenced(HttpExchange.number(request, "index", 0));
    if (fenced == null) {
      throw ApiException.notFound("this catalog does not know that fence");
    }
    HttpExchange.sendJson(request, response, fenced);
  }

  private void missed(ServerRequest request, ServerResponse response) {
    EndedHoldKey after =
        new EndedHoldKey(
            HttpExchange.number(request, "after", 0), holdId(request.query().get("hold")));
    HttpExchange.sendMessage(request, response, CatalogCatchUp.page(replica.state(), after));
  }

  private static UUID holdId(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, "hold must be a UUID", e);
    }
  }
}
