package toystore.toyctl.cluster.verify;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.message.NodeStatus;
import toystore.protocol.message.Stock;
import toystore.toyctl.cluster.nodes.NodeClient;

/**
 * Verifies promises P2 to P4 on a running store, with or without load. It reads the stock, appends
 * a fence to the order log, compares all rows of all replicas up to the fence, compares the
 * catalogs, and reads the stock again.
 */
public final class Verifier {
  private final StoreConfig config;
  private final NodeClient client;
  private final Duration timeout;
  private final List<String> findings = new ArrayList<>();

  /**
   * @param timeout the limit for each of: the first stock, the fence and all replicas reaching it
   *     together; each page of a log; the comparison of the catalogs; waiting for open holds
   */
  public Verifier(StoreConfig config, NodeClient client, Duration timeout) {
    this.config = config;
    this.client = client;
    this.timeout = timeout;
  }

  /** Descriptions of what is wrong, and of what could not be compared. */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  public VerifyReport verify() throws InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    StockReader stock = new StockReader(config, client);
    Stock.Report before = reported(stock.read(deadline));
    OrderFence fence = OrderFence.append(config, client, timeout, deadline);
    Map<Node, OrderFence.Progress> progress =
        fence.awaitApplied(leaderFirst(fence.leader()), client, deadline);
    Map<Node, NodeStatus> comparable = comparable(progress, fence.index());

    OrderLogComparison logs = new OrderLogComparison(client, fence.orders(), timeout);
    Map<String, VerifyReport.Replica> verdicts = new HashMap<>();
    if (!comparable.isEmpty()) {
      logs.compare(comparable).forEach(replica -> verdicts.put(replica.node(), replica));
    }
    findings.addAll(logs.findings());
    List<VerifyReport.Replica> replicas = allReplicas(verdicts, progress);
    boolean logRead = isComplete(firstName(comparable), replicas);

    CatalogComparison catalogs = new CatalogComparison(config, client, Deadline.in(timeout));
    List<VerifyReport.Catalog> catalogVerdicts = catalogs.compare();
    findings.addAll(catalogs.findings());

    Stock.Report after = reported(stock.readWithoutHolds(Deadline.in(timeout)));
    StockComparison products = new StockComparison();
    List<VerifyReport.Product> productVerdicts =
        after == null
            ? List.of()
            : products.compare(before, after, logRead ? logs.ordered() : null);
    findings.addAll(products.findings());
    return VerifyReport.of(
        fence.index(),
        replicas,
        catalogVerdicts,
        productVerdicts,
        before != null && after != null && logRead);
  }

  private Stock.@Nullable Report reported(Stock.@Nullable Report stock) {
    if (stock == null) {
      findings.add("the catalog did not report its stock");
    }
    return stock;
  }

  private List<Node> leaderFirst(Node leader) {
    List<Node> replicas = new ArrayList<>(config.nodes(Role.ORDER));
    replicas.remove(leader);
    replicas.addFirst(leader);
    return replicas;
  }

  /** The replicas that have applied the fence, in the given order. */
  private Map<Node, NodeStatus> comparable(Map<Node, OrderFence.Progress> progress, long index) {
    Map<Node, NodeStatus> comparable = new LinkedHashMap<>();
    progress.forEach(
        (node, reached) -> {
          if (reached.reached() && reached.status() != null) {
            comparable.put(node, reached.status());
          } else {
            findings.add(
                node.name() + " has not reached index " + index + ": " + reached.describe());
          }
        });
    return comparable;
  }

  /** A verdict on each replica, lowest id first. */
  private List<VerifyReport.Replica> allReplicas(
      Map<String, VerifyReport.Replica> verdicts, Map<Node, OrderFence.Progress> progress) {
    List<VerifyReport.Replica> all = new ArrayList<>();
    for (Node node : config.nodes(Role.ORDER).reversed()) {
      VerifyReport.Replica verdict = verdicts.get(node.name());
      OrderFence.Progress reached = progress.get(node);
      all.add(
          verdict != null ? verdict : incomplete(node, reached == null ? null : reached.status()));
    }
    return all;
  }

  private static VerifyReport.Replica incomplete(Node node, @Nullable NodeStatus status) {
    return new VerifyReport.Replica(
        node.name(),
        status == null ? null : status.orders(),
        status == null ? null : status.hash(),
        VerifyReport.Result.INCOMPLETE);
  }

  private static @Nullable String firstName(Map<Node, NodeStatus> replicas) {
    return replicas.keySet().stream().findFirst().map(Node::name).orElse(null);
  }

  /** Whether the log of this replica was read up to the fence. */
  private static boolean isComplete(@Nullable String node, List<VerifyReport.Replica> replicas) {
    return replicas.stream()
        .anyMatch(
            replica ->
                replica.result() != VerifyReport.Result.INCOMPLETE && replica.node().equals(node));
  }
}
