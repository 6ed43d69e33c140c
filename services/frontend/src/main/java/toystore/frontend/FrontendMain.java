package toystore.frontend;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import toystore.api.NodeStatus;
import toystore.api.Role;
import toystore.api.StoreConfig;
import toystore.cache.LeaseKeeper;
import toystore.cache.ProductCache;
import toystore.cache.Ticker;
import toystore.calls.SocketCaller;
import toystore.server.LeaderRoute;
import toystore.server.Node;

/** A front end: {@code --node frontend --data DIR}. It keeps nothing on disk. */
public final class FrontendMain {
  private static final Duration CONNECT = Duration.ofMillis(300);

  private FrontendMain() {}

  public static void main(String[] args) {
    Node.run(args, Role.FRONTEND, FrontendMain::assemble);
  }

  private static void assemble(Node node) {
    StoreConfig config = node.config();
    SocketCaller caller = node.onStop("caller", new SocketCaller(CONNECT));
    LeaderMetrics watch = new LeaderMetrics(config, node.metrics());
    LeaderRoute orders = new LeaderRoute(caller, config, config.nodes(Role.ORDER), watch);
    LeaderRoute catalog =
        new LeaderRoute(caller, config, config.nodes(Role.CATALOG), LeaderRoute.OnLeader.NOBODY);
    ProductCache cache = cache(node, catalog);
    ProductDesk products =
        node.onStop(
            "products",
            new ProductDesk(
                cache, lastKnown(node, cache), catalog, config, Ticker.SYSTEM, node.metrics()));
    PurchaseDesk purchases =
        node.onStop("purchases", new PurchaseDesk(orders, config, node.metrics()));
    Readiness readiness = node.onStop("readiness", new Readiness(catalog, orders));
    FrontendRoutes routes =
        new FrontendRoutes(
            products,
            purchases,
            new OrderReads(caller, config),
            cache,
            new RequestMetrics(node.metrics()),
            config.http().maxBodyBytes());
    node.serve(routes.routes(), () -> status(node, readiness, orders));
  }

  private static @Nullable ProductCache cache(Node node, LeaderRoute catalog) {
    StoreConfig config = node.config();
    if (!config.cache().enabled()) {
      return null;
    }
    ProductCache cache = ProductCache.create(config.cache(), Ticker.SYSTEM, node.metrics());
    node.onStop(
        "lease", new LeaseKeeper(cache, catalog, config.url(node.self()), config.cache().lease()));
    return cache;
  }

  private static @Nullable LastKnown lastKnown(Node node, @Nullable ProductCache cache) {
    StoreConfig.Cache settings = node.config().cache();
    return cache == null || !settings.serveStale()
        ? null
        : new LastKnown(cache, settings, Ticker.SYSTEM, node.metrics());
  }

  private static NodeStatus status(Node node, Readiness readiness, LeaderRoute orders) {
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
