package toystore.order;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.db.raft.BuiltinLogEngine;
import toystore.node.Node;
import toystore.node.replica.PeerReader;
import toystore.node.replica.Replica;
import toystore.node.rpc.LeaderClient;
import toystore.node.rpc.LeaderObserver;
import toystore.node.rpc.SocketNodeCaller;
import toystore.order.log.CatchUpReport;
import toystore.order.log.LogPrefix;
import toystore.order.log.OrderCatchUp;
import toystore.order.log.OrderLog;
import toystore.order.log.OrderLogScrub;
import toystore.order.log.OrderProposer;
import toystore.order.log.OrderTables;
import toystore.order.log.TombstonePruning;

/** The process of an order replica: {@code --node order-3 --data DIR}. */
public final class OrderMain {
  private static final Duration CONNECT = Duration.ofMillis(500);

  /** The scrub waits, so that it does not slow down a node that has just started. */
  private static final Duration SCRUB_DELAY = Duration.ofMinutes(1);

  private OrderMain() {}

  public static void main(String[] args) {
    Node.run(args, Role.ORDER, OrderMain::assemble);
  }

  private static void assemble(Node node) {
    StoreConfig config = node.config();
    SocketNodeCaller caller = node.onStop("caller", new SocketNodeCaller(CONNECT));
    OrderCatchUp catchUp = new OrderCatchUp(new PeerReader(caller, config));
    Replica<OrderLog> replica =
        Replica.open(
            node,
            new BuiltinLogEngine(),
            "orders",
            OrderTables.MIGRATIONS,
            (database, flushPolicy) -> new OrderLog(database, flushPolicy, catchUp));
    OrderLog log = replica.state();
    LeaderClient catalog =
        new LeaderClient(caller, config, config.nodes(Role.CATALOG), LeaderObserver.NONE);
    HoldClient holds =
        node.onStop(
            "hold client",
            new HoldClient(catalog, config.http().requestDeadline(), config.batch()));
    OrderProposer proposer = new OrderProposer(log, replica.log(), node.metrics());
    PurchaseService purchases = new PurchaseService(log.lookup(), proposer, holds, node.metrics());
    node.onStop(
        "pruning",
        new TombstonePruning(replica.log(), log, proposer, config.catalog().retention()));
    AtomicReference<String> catchUpReport = new AtomicReference<>();
    replica.onceCaughtUp(
        new CatchUpReport(log, replica.logEnd(), replica::otherLeader, catchUpReport::set));
    node.onStop(
        "scrub",
        new OrderLogScrub(
            log.verification(),
            config.storage().scrubRowsPerSecond(),
            SCRUB_DELAY,
            replica::damaged));
    bindMetrics(node.metrics(), replica);
    node.serve(
        replica.withMemberRoutes(
            new OrderRoutes(replica, purchases, proposer, config.http().requestDeadline())
                .routes()),
        () -> {
          LogPrefix head = log.head();
          return replica.status(
              true,
              "leader",
              "follower",
              head.orders(),
              head.hash().toString(),
              catchUpReport.get());
        });
  }

  private static void bindMetrics(MeterRegistry metrics, Replica<OrderLog> replica) {
    OrderLog log = replica.state();
    replica.bindMetrics(metrics);
    Gauge.builder("toystore.orders", () -> log.head().orders()).register(metrics);
    Gauge.builder("toystore.storage.pending.rows", log::pendingRows).register(metrics);
  }
}
