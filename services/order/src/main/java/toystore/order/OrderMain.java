package toystore.order;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.db.raft.BuiltinLogEngine;
import toystore.node.Node;
import toystore.node.replica.Replica;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.SocketNodeCaller;

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
    SocketNodeCaller caller = node.onStop("caller", new SocketNodeCaller(CONNECT));
    OrderCatchUp missed = new OrderCatchUp(caller, name -> config.url(config.node(name)));
    Replica<OrderLog> replica =
        Replica.open(
            node,
            new BuiltinLogEngine(),
            "orders",
            OrderTables.MIGRATIONS,
            (database, pace) -> new OrderLog(database, pace, missed));
    OrderLog log = replica.state();
    LeaderClient catalog =
        new LeaderClient(caller, config, config.nodes(Role.CATALOG), LeaderClient.OnLeader.NOBODY);
    HoldClient desk =
        node.onStop(
            "hold desk", new HoldClient(catalog, config.http().requestDeadline(), config.batch()));
    PurchaseService purchases = new PurchaseService(log, replica.log(), desk, node.metrics());
    node.onStop(
        "pruning",
        new TombstonePruning(replica.log(), log, purchases, config.catalog().retention()));
    AtomicReference<String> caughtUp = new AtomicReference<>();
    replica.onceCaughtUp(
        new CatchUpReport(log, replica.logEnd(), replica::otherLeader, caughtUp::set));
    node.onStop(
        "scrub",
        new OrderLogScrub(log, config.storage().scrubRowsPerSecond(), WARM_UP, replica::damaged));
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
