package toystore.frontend;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import toystore.cache.LeaseRenewer;
import toystore.cache.ProductCache;
import toystore.config.CacheSettings;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.node.Node;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;
import toystore.node.rpc.SocketNodeCaller;
import toystore.protocol.message.NodeStatus;

/** Starts a front end: {@code --node frontend --data DIR}. A front end stores nothing on disk. */
public final class FrontendMain {
  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(300);

  private FrontendMain() {}

  public static void main(String[] args) {
    Node.run(args, Role.FRONTEND, FrontendMain::assemble);
  }

  private static void assemble(Node node) {
    StoreConfig config = node.config();
    SocketNodeCaller caller = node.onStop("caller", new SocketNodeCaller(CONNECT_TIMEOUT));
    LeaderMetrics leaderMetrics = new LeaderMetrics(config, node.metrics());
    LeaderClient orders = new LeaderClient(caller, config, config.nodes(Role.ORDER), leaderMetrics);
    LeaderClient catalog =
        new LeaderClient(caller, config, config.nodes(Role.CATALOG), LeaderObserver.NONE);
    ProductCache cache = cache(node, catalog);
    CatalogReader catalogReader =
        node.onStop("products", new CatalogReader(catalog, config, node.metrics()));
    ProductReader products =
        new ProductReader(
            cache, staleProducts(node, cache), catalogReader, config, Ticker.systemTicker());
    PurchaseForwarder purchases =
        node.onStop("purchases", new PurchaseForwarder(orders, config, node.metrics()));
    PurchaseReadiness readiness = node.onStop("readiness", new PurchaseReadiness(catalog, orders));
    FrontendRoutes routes =
        new FrontendRoutes(
            products,
            new PurchaseRoute(purchases, config.http().maxBodyBytes()),
            new OrderReader(caller, config),
            cache,
            new RequestMetrics(node.metrics()));
    node.serve(routes.routes(), () -> status(node, readiness, orders));
  }

  private static @Nullable ProductCache cache(Node node, LeaderClient catalog) {
    StoreConfig config = node.config();
    if (!config.cache().enabled()) {
      return null;
    }
    ProductCache cache = ProductCache.create(config.cache(), Ticker.systemTicker(), node.metrics());
    node.onStop(
        "lease", new LeaseRenewer(cache, catalog, config.url(node.self()), config.cache().lease()));
    return cache;
  }

  private static @Nullable StaleProducts staleProducts(Node node, @Nullable ProductCache cache) {
    CacheSettings settings = node.config().cache();
    return cache == null || !settings.serveStale()
        ? null
        : new StaleProducts(cache, settings, Ticker.systemTicker(), node.metrics());
  }

  private static NodeStatus status(Node node, PurchaseReadiness readiness, LeaderClient orders) {
    return new NodeStatus(
        node.name(),
        "frontend",
        readiness.ready() ? "ready" : "starting",
        node.config().cluster(),
        orders.leader(),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        ProcessHandle.current().pid(),
        node.uptimeSeconds());
  }
}
