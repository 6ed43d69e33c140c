package toystore.order;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import toystore.api.Role;
import toystore.api.StoreConfig;
import toystore.calls.SocketCaller;
import toystore.replica.Replica;
import toystore.server.LeaderRoute;
import toystore.server.Node;

/** An order replica: {@code --node order-3 --data DIR}. */
public final class OrderMain {
  private static final Duration CONNECT = Duration.ofMillis(500);

  /** The first minute of a node is for its clients. */
  private static final Duration WARM_UP = Duration.ofMinutes(1);

  private OrderMain() {}

  public static void main(String[] args) {
    Node.run(args, Role.ORDER, OrderMain::assemble);
  }

  private static void assemble(Node node) {
    StoreConfig config = node.config();
    SocketCaller caller = node.onStop("caller", new SocketCaller(CONNECT));
    MissedOrdersWire missed = new MissedOrdersWire(caller, name -> config.url(config.node(name)));
    Replica<OrderLog> replica =
        Replica.open(
            node,
            "orders",
            OrderTables.MIGRATIONS,
            (database, pace) -> new OrderLog(database, pace, missed));
    OrderLog log = replica.state();
    LeaderRoute catalog =
        new LeaderRoute(caller, config, config.nodes(Role.CATALOG), LeaderRoute.OnLeader.NOBODY);
    HoldDesk desk =
        node.onStop(
            "hold desk", new HoldDesk(catalog, config.http().requestDeadline(), config.batch()));
    PurchaseService purchases = new PurchaseService(log, replica.log(), desk, node.metrics());
    node.onStop(
        "pruning", new Pruning(replica.log(), log, purchases, config.catalog().retention()));
    AtomicReference<String> caughtUp = new AtomicReference<>();
    replica.onceCaughtUp(
        new CatchUpReport(log, replica.logEnd(), replica::otherLeader, caughtUp::set));
    node.onStop(
        "scrub", new Scrub(log, config.storage().scrubRowsPerSecond(), WARM_UP, replica::damaged));
    bindMetrics(node.metrics(), replica);
    node.serve(
        replica.withMemberRoutes(
            new OrderRoutes(replica, purchases, config.http().requestDeadline()).routes()),
        () -> {
          OrderLog.Head head = log.head();
          return replica.status(
              true, "leader", "follower", head.orders(), head.hash().toString(), caughtUp.get());
        });
  }

  private static void bindMetrics(MeterRegistry metrics, Replica<OrderLog> replica) {
    OrderLog log = replica.state();
    replica.bindMetrics(metrics);
    Gauge.builder("toystore.orders", () -> log.head().orders()).register(metrics);
    Gauge.builder("toystore.storage.pending.rows", log::pendingRows).register(metrics);
  }
}
