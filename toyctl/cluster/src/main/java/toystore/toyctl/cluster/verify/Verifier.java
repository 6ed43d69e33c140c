package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.NodeStatus;
import toystore.protocol.message.Stock;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.ExitCode;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.status.NodeClient;
import toystore.toyctl.cluster.status.ProbeResult;

/**
 * Checks a store, at rest or under load, against promises P2 to P4: stock before, a fence in the
 * order log, all rows of all replicas up to the fence, what each catalog holds, stock after.
 */
public final class Verifier {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration PROBE = Duration.ofSeconds(1);

  /** How long one catalog may take before another one is asked for the stock. */
  private static final Duration STOCK = Duration.ofSeconds(3);

  private final StoreConfig config;
  private final NodeClient client;
  private final Duration timeout;
  private final List<String> findings = new ArrayList<>();

  /**
   * @param timeout for finding the leader and for replicas to reach the fence; then for each page;
   *     then for holds to end
   */
  public Verifier(StoreConfig config, NodeClient client, Duration timeout) {
    this.config = config;
    this.client = client;
    this.timeout = timeout;
  }

  /** What was found wrong or missing, in words. */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  /** The fence, and who set it. */
  private record Fenced(Node leader, LoggedOrder.Fence fence) {}

  public VerifyReport verify() throws InterruptedException {
    CommandDeadline deadline = CommandDeadline.in(timeout);
    Stock.Report before = stock(deadline);
    Fenced fenced = fence(deadline);
    LoggedOrder.Fence fence = fenced.fence;
    List<Node> replicas = new ArrayList<>(config.nodes(Role.ORDER));
    replicas.remove(fenced.leader);
    replicas.addFirst(fenced.leader);

    Map<Node, Reach> reached =
        ParallelTasks.forEach(replicas, node -> awaitIndex(node, fence.index(), deadline));
    Map<Node, NodeStatus> comparable = new LinkedHashMap<>();
    reached.forEach(
        (node, reach) -> {
          if (reach.there && reach.status != null) {
            comparable.put(node, reach.status);
          } else {
            findings.add(node.name() + " has not reached index " + fence.index() + reach.why());
          }
        });

    LogComparison comparison = new LogComparison(client, fence.orders(), timeout);
    Map<String, VerifyReport.Replica> verdicts = new HashMap<>();
    if (!comparable.isEmpty()) {
      for (VerifyReport.Replica replica : comparison.compare(comparable)) {
        verdicts.put(replica.node(), replica);
      }
    }
    findings.addAll(comparison.findings());
    List<VerifyReport.Replica> all = new ArrayList<>();
    for (Node node : config.nodes(Role.ORDER).reversed()) {
      VerifyReport.Replica verdict = verdicts.get(node.name());
      Reach reach = reached.get(node);
      all.add(verdict != null ? verdict : incomplete(node, reach == null ? null : reach.status));
    }

    boolean logRead =
        all.stream()
            .anyMatch(
                replica ->
                    replica.result() != VerifyReport.Result.INCOMPLETE
                        && replica.node().equals(first(comparable)));
    CatalogComparison catalogs = new CatalogComparison(config, client, CommandDeadline.in(timeout));
    List<VerifyReport.Catalog> catalogVerdicts = catalogs.compare();
    findings.addAll(catalogs.findings());
    Stock.Report after = stockAtRest(CommandDeadline.in(timeout));
    List<VerifyReport.Product> products =
        after == null ? List.of() : products(before, after, logRead ? comparison.ordered() : null);
    return VerifyReport.of(
        fence.index(), all, catalogVerdicts, products, before != null && after != null && logRead);
  }

  private static @Nullable String first(Map<Node, NodeStatus> replicas) {
    return replicas.keySet().stream().findFirst().map(Node::name).orElse(null);
  }

  private static VerifyReport.Replica incomplete(Node node, @Nullable NodeStatus status) {
    return new VerifyReport.Replica(
        node.name(),
        status == null ? null : status.orders(),
        status == null ? null : status.hash(),
        VerifyReport.Result.INCOMPLETE);
  }

  private List<VerifyReport.Product> products(
      Stock.@Nullable Report before, Stock.Report after, @Nullable Map<String, Long> ordered) {
    Map<String, Stock> earlier = new HashMap<>();
    if (before != null) {
      before.stock().forEach(stock -> earlier.put(stock.name(), stock));
    }
    List<VerifyReport.Product> products = new ArrayList<>();
    TreeSet<String> unknown = new TreeSet<>(ordered == null ? List.of() : ordered.keySet());
    for (Stock stock : after.stock()) {
      unknown.remove(stock.name());
      VerifyReport.Product product =
          VerifyReport.Product.of(
              earlier.get(stock.name()),
              stock,
              ordered == null ? null : ordered.getOrDefault(stock.name(), 0L));
      products.add(product);
      if (Boolean.FALSE.equals(product.exact())) {
        findings.add("the stock of " + stock.name() + " is not what the orders say");
      }
    }
    for (String name : unknown) {
      products.add(
          VerifyReport.Product.unknown(name, ordered == null ? 0 : ordered.getOrDefault(name, 0L)));
      findings.add(name + " was ordered, but the catalog does not have it");
    }
    return products;
  }

  /**
   * A replica's way to the fence.
   *
   * @param status the last that it said, or null if it never answered
   */
  private record Reach(boolean there, @Nullable NodeStatus status) {
    String why() {
      return status == null ? ": it does not answer" : ": it is at " + status.appliedIndex();
    }
  }

  private Reach awaitIndex(Node node, long index, CommandDeadline deadline)
      throws InterruptedException {
    NodeStatus last = null;
    while (true) {
      ProbeResult probe = client.probe(node, deadline.atMost(PROBE));
      if (probe instanceof ProbeResult.Answered answer) {
        last = answer.status();
        Long applied = last.appliedIndex();
        if (applied != null && applied >= index) {
          return new Reach(true, last);
        }
      }
      // A process that is not there will not get there: that needs no waiting.
      if (deadline.passed() || probe instanceof ProbeResult.Refused) {
        return new Reach(false, last);
      }
      deadline.pause(POLL);
    }
  }

  /** Has the leader set a fence; which replica leads may change while it is looked for. */
  private Fenced fence(CommandDeadline deadline) throws InterruptedException {
    List<Node> order = config.nodes(Role.ORDER);
    while (true) {
      int refused = 0;
      for (Node node : order) {
        try {
          HttpApi.Answer answer = client.post(node, ApiPaths.FENCE, deadline.atMost(timeout));
          if (answer.ok()) {
            return new Fenced(node, Json.fromJson(answer.body(), LoggedOrder.Fence.class));
          }
        } catch (ConnectException _) {
          refused++;
        } catch (IOException _) {
          // Asked again until the deadline; what the other replicas say counts as much.
        }
        if (deadline.passed()) {
          break;
        }
      }
      if (refused == order.size()) {
        throw noReplica();
      }
      if (deadline.passed()) {
        throw new ToyctlException(
            ExitCode.STATE_UNKNOWN,
            "verify",
            "no order leader answered within " + deadline.inWords(),
            "toyctl status");
      }
      deadline.pause(POLL);
    }
  }

  private ToyctlException noReplica() throws InterruptedException {
    boolean nothing =
        ParallelTasks.forEach(config.nodes(), node -> client.probe(node, PROBE)).values().stream()
            .allMatch(probe -> probe instanceof ProbeResult.Refused);
    return nothing
        ? new ToyctlException(
            ExitCode.NOT_RUNNING, "verify", "no node of the store runs", "toyctl up")
        : new ToyctlException(
            ExitCode.STATE_UNKNOWN, "verify", "no order replica runs", "toyctl status");
  }

  /** All stock as the catalog's leader has it, or null if none answers in time. */
  private Stock.@Nullable Report stock(CommandDeadline deadline) throws InterruptedException {
    List<Node> catalogs = config.nodes(Role.CATALOG);
    while (true) {
      int refused = 0;
      for (Node node : catalogs) {
        try {
          HttpApi.Answer answer = client.get(node, ApiPaths.STOCK, deadline.atMost(STOCK));
          if (answer.ok()) {
            return Json.fromJson(answer.body(), Stock.Report.class);
          }
        } catch (ConnectException _) {
          refused++;
        } catch (IOException _) {
          // Asked again until the deadline.
        }
      }
      if (deadline.passed() || refused == catalogs.size()) {
        findings.add("the catalog does not say what is in stock");
        return null;
      }
      deadline.pause(POLL);
    }
  }

  /**
   * The stock once no hold is open, or at the deadline. Does not wait while others go on buying:
   * held and sold together only rise by new holds.
   */
  private Stock.@Nullable Report stockAtRest(CommandDeadline deadline) throws InterruptedException {
    Stock.Report last = stock(deadline);
    while (last != null && taken(last, true) > 0 && !deadline.passed()) {
      deadline.pause(POLL);
      Stock.Report next = stock(deadline);
      if (next == null) {
        return null;
      }
      boolean busy = taken(next, false) > taken(last, false);
      last = next;
      if (busy) {
        return last;
      }
    }
    return last;
  }

  private static long taken(Stock.Report report, boolean heldOnly) {
    return report.stock().stream()
        .mapToLong(stock -> stock.held() + (heldOnly ? 0 : stock.sold()))
        .sum();
  }
}
