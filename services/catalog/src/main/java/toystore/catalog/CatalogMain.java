package toystore.catalog;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import toystore.cache.CacheSessions;
import toystore.cache.ChangePublisher;
import toystore.cache.Ticker;
import toystore.config.ProductCsv;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.db.raft.BuiltinLogEngine;
import toystore.node.Node;
import toystore.node.replica.PeerReader;
import toystore.node.replica.Replica;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.SocketNodeCaller;

/** A catalog node: {@code --node catalog --data DIR [--catalog FILE]}. */
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
    CatalogCatchUp missed = new CatalogCatchUp(new PeerReader(caller, config));
    Replica<CatalogState> replica =
        Replica.open(
            node,
            new BuiltinLogEngine(),
            "catalog",
            CatalogTables.MIGRATIONS,
            (database, pace) -> new CatalogState(database, pace, missed));
    CacheSessions sessions = new CacheSessions(Ticker.SYSTEM, config.cache().lease());
    ChangePublisher publisher =
        node.onStop(
            "publisher", new ChangePublisher(caller, sessions, config.batch(), node.metrics()));
    CatalogService service =
        new CatalogService(
            replica.state(),
            replica.log(),
            publisher,
            sessions,
            firstProducts,
            () -> new StockMetrics(replica.state()).bindTo(node.metrics()),
            node.metrics());
    replica.onLeadership(service);
    LeaderClient orders =
        new LeaderClient(caller, config, config.nodes(Role.ORDER), LeaderClient.OnLeader.NOBODY);
    node.onStop(
        "chores",
        new CatalogMaintenance(service, replica.state(), orders, config.catalog(), node.metrics()));
    bindMetrics(node.metrics(), replica, sessions);
    replica.onceCaughtUp(() -> {});
    node.serve(
        replica.withMemberRoutes(
            new CatalogRoutes(
                    replica, service, publisher, sessions, config.http().requestDeadline())
                .routes()),
        () -> replica.status(service.serves(), "catalog", "catalog", null, null, null));
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
