package toystore.catalog;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import toystore.api.ApiException;
import toystore.api.CacheLease;
import toystore.api.Hold;
import toystore.api.Limits;
import toystore.api.Paths;
import toystore.api.Product;
import toystore.api.ProductReads;
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
  }

  NodeServer.Routes routes() {
    return new NodeServer.Routes()
        .post(Paths.HOLDS, replica.leaderOnly(this::holds))
        .post(Paths.PRODUCT_READS, replica.leaderOnly(this::productReads))
        .post(Paths.LEASE, replica.leaderOnly(this::lease))
        .get(Paths.PRODUCTS + "/{name}", replica.leaderOnly(this::product))
        .get(Paths.PRODUCTS, replica.leaderOnly(this::products))
        .get(Paths.STOCK, replica.leaderOnly(this::stock));
  }

  private void holds(ServerRequest request, ServerResponse response) throws Exception {
    Hold.Batch batch = Exchange.message(request, Hold.Batch.class);
    service.awaitOpen(patience);
    Exchange.sendMessage(request, response, new Hold.Answers(service.hold(batch)));
  }

  /** Linearizable: this node still leads after the request came, and shows what is published. */
  private void awaitCurrent() throws InterruptedException {
    service.awaitOpen(patience);
    replica.awaitAllCommitted(patience);
  }

  private void productReads(ServerRequest request, ServerResponse response) throws Exception {
    ProductReads reads = Exchange.message(request, ProductReads.class);
    awaitCurrent();
    Exchange.sendMessage(
        request,
        response,
        new ProductReads.Answers(reads.names().stream().map(publisher::read).toList()));
  }

  private void product(ServerRequest request, ServerResponse response) throws Exception {
    String name = Limits.checkName(request.path().pathParameters().get("name"));
    awaitCurrent();
    Product.Versioned product = publisher.product(name);
    if (product == null) {
      throw ApiException.notFound("product not found");
    }
    response.header(ETAG, "\"" + product.version() + "\"");
    Exchange.sendData(request, response, product.product());
  }

  private void products(ServerRequest request, ServerResponse response) throws Exception {
    awaitCurrent();
    List<Product> products = publisher.products().stream().map(Product.Versioned::product).toList();
    Exchange.sendData(request, response, products);
  }

  private void lease(ServerRequest request, ServerResponse response) throws Exception {
    CacheLease.Renewal renewal = Exchange.message(request, CacheLease.Renewal.class);
    // The proof that Sessions.renew asks for.
    awaitCurrent();
    Exchange.sendMessage(request, response, sessions.renew(renewal));
  }

  /** The applied state with all its numbers, for verifying that stock is exact. */
  private void stock(ServerRequest request, ServerResponse response) throws Exception {
    replica.awaitAllCommitted(patience);
    Exchange.sendJson(request, response, replica.state().report());
  }
}
