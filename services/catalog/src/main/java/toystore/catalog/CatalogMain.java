package toystore.catalog;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import toystore.cache.CacheSessions;
import toystore.cache.ChangePublisher;
import toystore.config.ProductCsv;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.db.raft.BuiltinLogEngine;
import toystore.node.Node;
import toystore.node.replica.PeerReader;
import toystore.node.replica.Replica;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;
import toystore.node.rpc.SocketNodeCaller;

/** The process of a catalog: {@code --node catalog --data DIR [--catalog FILE]}. */
public final class CatalogMain {
  private static final Duration CONNECT = Duration.ofMillis(500);

  private CatalogMain() {}

  public static void main(String[] args) {
    Node.run(args, Role.CATALOG, CatalogMain::assemble);
  }

  private static void assemble(Node node) throws IOException {
    StoreConfig config = node.config();
    List<ProductCsv.Item> firstProducts = firstProducts(node);
    SocketNodeCaller caller = node.onStop("caller", new SocketNodeCaller(CONNECT));
    CatalogCatchUp catchUp = new CatalogCatchUp(new PeerReader(caller, config));
    Replica<CatalogState> replica =
        Replica.open(
            node,
            new BuiltinLogEngine(),
            "catalog",
            CatalogTables.MIGRATIONS,
            (database, flushPolicy) -> new CatalogState(database, flushPolicy, catchUp));
    CacheSessions sessions = new CacheSessions(Ticker.systemTicker(), config.cache().lease());
    ChangePublisher publisher =
        node.onStop(
            "publisher", new ChangePublisher(caller, sessions, config.batch(), node.metrics()));
    CatalogProposer proposer = new CatalogProposer(replica.state(), replica.log());
    CatalogOpening opening =
        new CatalogOpening(
            replica.state(),
            proposer,
            publisher,
            sessions,
            firstProducts,
            () -> new StockMetrics(replica.state()).bindTo(node.metrics()));
    CatalogService service =
        new CatalogService(replica.state(), proposer, opening, publisher, node.metrics());
    replica.onLeadership(opening);
    LeaderClient orders =
        new LeaderClient(caller, config, config.nodes(Role.ORDER), LeaderObserver.NONE);
    node.onStop(
        "maintenance",
        new CatalogMaintenance(
            service, opening, proposer, replica.state(), orders, config.catalog(), node.metrics()));
    bindMetrics(node.metrics(), replica, sessions);
    replica.onceCaughtUp(() -> {});
    node.serve(
        replica.withMemberRoutes(
            new CatalogRoutes(
                    replica, service, opening, publisher, sessions, config.http().requestDeadline())
                .routes()),
        () -> replica.status(opening.isReady(), "catalog", "catalog", null, null, null));
  }

  private static List<ProductCsv.Item> firstProducts(Node node) throws IOException {
    String file = node.argument("--catalog");
    if (file != null) {
      return ProductCsv.read(Path.of(file));
    }
    try (InputStream in = CatalogMain.class.getResourceAsStream("catalog.csv")) {
      if (in == null) {
        throw new IllegalStateException("catalog.csv is missing from the distribution");
      }
      return ProductCsv.read(in, "catalog.csv");
    }
  }

  private static void bindMetrics(
      MeterRegistry metrics, Replica<CatalogState> replica, CacheSessions sessions) {
    CatalogState state = replica.state();
    replica.bindMetrics(metrics);
    Gauge.builder("toystore.storage.pending.rows", state::pendingRows).register(metrics);
    Gauge.builder("toystore.holds.open", state::openHolds).register(metrics);
    Gauge.builder("toystore.cache.sessions", sessions::size).register(metrics);
  }
}
