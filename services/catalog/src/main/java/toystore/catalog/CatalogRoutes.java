package toystore.catalog;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import toystore.api.ApiException;
import toystore.api.CacheLease;
import toystore.api.Hold;
import toystore.api.Limits;
import toystore.api.Paths;
import toystore.api.Product;
import toystore.api.ProductReads;
import toystore.api.Stock;
import toystore.cache.Publisher;
import toystore.cache.Sessions;
import toystore.replica.Replica;
import toystore.server.Exchange;
import toystore.server.NodeServer;

/** HTTP of the catalog. Only its leader answers; what readers see is the published state. */
final class CatalogRoutes {
  private static final HeaderName ETAG = HeaderNames.ETAG;

  private final Replica<CatalogState> replica;
  private final CatalogService service;
  private final Publisher publisher;
  private final Sessions sessions;
  private final Duration patience;
  private final CurrencyProof proof;

  CatalogRoutes(
      Replica<CatalogState> replica,
      CatalogService service,
      Publisher publisher,
      Sessions sessions,
      Duration patience) {
    this.replica = replica;
    this.service = service;
    this.publisher = publisher;
    this.sessions = sessions;
    this.patience = patience;
    this.proof =
        new CurrencyProof(
            () -> replica.log().status(), service::awaitOpen, replica::awaitAllCommitted, patience);
  }

  NodeServer.Routes routes() {
    return new NodeServer.Routes()
        .message(Paths.HOLDS, Hold.Batch.class, replica.leaderOnly(this::holds))
        .message(Paths.PRODUCT_READS, ProductReads.class, replica.leaderOnly(this::productReads))
        .message(Paths.LEASE, CacheLease.Renewal.class, replica.leaderOnly(this::lease))
        .get(Paths.PRODUCTS + "/{name}", replica.leaderOnly(this::product))
        .get(Paths.PRODUCTS, replica.leaderOnly(this::products))
        .get(Paths.STOCK, replica.leaderOnly(this::stock))
        .post(Paths.FENCE, replica.leaderOnly(this::fence))
        .get(Paths.FENCED_STOCK, this::fencedStock)
        .get(MissedStateWire.PATH, this::missed);
  }

  private Hold.Answers holds(Hold.Batch batch) throws Exception {
    service.awaitOpen(patience);
    return new Hold.Answers(service.hold(batch));
  }

  private ProductReads.Answers productReads(ProductReads reads) throws Exception {
    proof.await();
    return new ProductReads.Answers(reads.names().stream().map(publisher::read).toList());
  }

  private void product(ServerRequest request, ServerResponse response) throws Exception {
    String name = Limits.checkName(request.path().pathParameters().get("name"));
    proof.await();
    Product.Versioned product = publisher.product(name);
    if (product == null) {
      throw ApiException.notFound("product not found");
    }
    response.header(ETAG, "\"" + product.version() + "\"");
    Exchange.sendData(request, response, product.product());
  }

  private void products(ServerRequest request, ServerResponse response) throws Exception {
    proof.await();
    List<Product> products = publisher.products().stream().map(Product.Versioned::product).toList();
    Exchange.sendData(request, response, products);
  }

  private CacheLease.Grant lease(CacheLease.Renewal renewal) throws Exception {
    // The proof that Sessions.renew asks for.
    proof.await();
    return sessions.renew(renewal);
  }

  /** The applied state with all its numbers, for verifying that stock is exact. */
  private void stock(ServerRequest request, ServerResponse response) throws Exception {
    replica.awaitAllCommitted(patience);
    Exchange.sendJson(request, response, replica.state().report());
  }

  private void fence(ServerRequest request, ServerResponse response) throws Exception {
    Exchange.sendJson(request, response, new Stock.Fence(service.fence()));
  }

  /** What this replica held at a fence, for comparing replicas; it is not waited for. */
  private void fencedStock(ServerRequest request, ServerResponse response) {
    Stock.Fenced fenced = replica.state().fenced(Exchange.number(request, "index", 0));
    if (fenced == null) {
      throw ApiException.notFound("this catalog does not know that fence");
    }
    Exchange.sendJson(request, response, fenced);
  }

  private void missed(ServerRequest request, ServerResponse response) {
    EndedPlace after =
        new EndedPlace(Exchange.number(request, "after", 0), holdId(request.query().get("hold")));
    Exchange.sendMessage(request, response, MissedStateWire.page(replica.state(), after));
  }

  private static UUID holdId(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, "hold must be a UUID", e);
    }
  }
}
