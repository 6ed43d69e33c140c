package toystore.catalog;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import toystore.api.CatalogFile;
import toystore.api.Role;
import toystore.api.StoreConfig;
import toystore.cache.Publisher;
import toystore.cache.Sessions;
import toystore.cache.Ticker;
import toystore.calls.SocketCaller;
import toystore.replica.Peers;
import toystore.replica.Replica;
import toystore.server.LeaderRoute;
import toystore.server.Node;

/** A catalog node: {@code --node catalog --data DIR [--catalog FILE]}. */
public final class CatalogMain {
  private static final Duration CONNECT = Duration.ofMillis(500);

  private CatalogMain() {}

  public static void main(String[] args) {
    Node.run(args, Role.CATALOG, CatalogMain::assemble);
  }

  private static void assemble(Node node) throws IOException {
    StoreConfig config = node.config();
    List<CatalogFile.Item> firstProducts = firstProducts(node);
    SocketCaller caller = node.onStop("caller", new SocketCaller(CONNECT));
    MissedStateWire missed = new MissedStateWire(new Peers(caller, config));
    Replica<CatalogState> replica =
        Replica.open(
            node,
            "catalog",
            CatalogTables.MIGRATIONS,
            (database, pace) -> new CatalogState(database, pace, missed));
    Sessions sessions = new Sessions(Ticker.SYSTEM, config.cache().lease());
    Publisher publisher =
        node.onStop("publisher", new Publisher(caller, sessions, config.batch(), node.metrics()));
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
    LeaderRoute orders =
        new LeaderRoute(caller, config, config.nodes(Role.ORDER), LeaderRoute.OnLeader.NOBODY);
    node.onStop(
        "chores", new Chores(service, replica.state(), orders, config.catalog(), node.metrics()));
    bindMetrics(node.metrics(), replica, sessions);
    replica.onceCaughtUp(() -> {});
    node.serve(
        replica.withMemberRoutes(
            new CatalogRoutes(
                    replica, service, publisher, sessions, config.http().requestDeadline())
                .routes()),
        () -> replica.status(service.serves(), "catalog", "catalog", null, null, null));
  }

  private static List<CatalogFile.Item> firstProducts(Node node) throws IOException {
    String file = node.argument("--catalog");
    if (file != null) {
      return CatalogFile.read(Path.of(file));
    }
    try (InputStream in = CatalogMain.class.getResourceAsStream("catalog.csv")) {
      if (in == null) {
        throw new IllegalStateException("catalog.csv is missing from the distribution");
      }
      return CatalogFile.read(in, "catalog.csv");
    }
  }

  private static void bindMetrics(
      MeterRegistry metrics, Replica<CatalogState> replica, Sessions sessions) {
    CatalogState state = replica.state();
    replica.bindMetrics(metrics);
    Gauge.builder("toystore.storage.pending.rows", state::pendingRows).register(metrics);
    Gauge.builder("toystore.holds.open", state::openHolds).register(metrics);
    Gauge.builder("toystore.cache.sessions", sessions::size).register(metrics);
  }
}
