package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Stock;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.nodes.NodeClient;

/**
 * Compares the catalogs of a group at one index of their log, even while clients buy. A fence in
 * the log makes each catalog keep a copy of its state at that index.
 */
public final class CatalogComparison {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);

  private final StoreConfig config;
  private final NodeClient client;
  private final Deadline deadline;
  private final List<String> findings = new ArrayList<>();

  /**
   * @param deadline the time by which the fence must be set and reached by all catalogs
   */
  public CatalogComparison(StoreConfig config, NodeClient client, Deadline deadline) {
    this.config = config;
    this.client = client;
    this.deadline = deadline;
  }

  /** Descriptions of what is wrong, and of what could not be compared. */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  /**
   * A fence in the catalog log.
   *
   * @param leader the catalog that appended it
   */
  private record CatalogFence(Node leader, long index) {}

  /** A verdict on each catalog, lowest id first; empty if there is only one catalog. */
  public List<VerifyReport.Catalog> compare() throws InterruptedException {
    List<Node> nodes = config.nodes(Role.CATALOG).reversed();
    if (nodes.size() == 1) {
      return List.of();
    }
    CatalogFence fence = appendFence();
    if (fence == null) {
      findings.add("no catalog leader answered, so the catalogs were not compared");
      return nodes.stream().map(VerifyReport.Catalog::incomplete).toList();
    }
    Map<Node, Optional<Stock.Fenced>> states =
        ParallelTasks.forEach(nodes, node -> Optional.ofNullable(stateAt(node, fence.index)));
    Stock.Fenced expected = states.getOrDefault(fence.leader, Optional.empty()).orElse(null);
    return states.entrySet().stream()
        .map(
            entry -> verdict(entry.getKey(), entry.getValue().orElse(null), fence.leader, expected))
        .toList();
  }

  /**
   * Asks the catalogs in turn to append a fence, until the leader does. The leader may change in
   * the meantime. Returns null if no leader answered before the deadline.
   */
  private @Nullable CatalogFence appendFence() throws InterruptedException {
    while (true) {
      int refused = 0;
      for (Node node : config.nodes(Role.CATALOG)) {
        try {
          ApiHttpClient.Response answer =
              client.post(node, ApiPaths.FENCE, deadline.atMost(REQUEST_TIMEOUT));
          if (answer.ok()) {
            return new CatalogFence(node, Json.fromJson(answer.body(), Stock.Fence.class).index());
          }
        } catch (ConnectException _) {
          refused++;
        } catch (IOException _) {
          // Retried until the deadline. Another catalog may be the leader.
        }
      }
      if (deadline.passed() || refused == config.nodes(Role.CATALOG).size()) {
        return null;
      }
      deadline.pause(POLL);
    }
  }

  /** The state of a catalog at the fence, or null if it did not report it before the deadline. */
  private Stock.@Nullable Fenced stateAt(Node node, long index) throws InterruptedException {
    while (true) {
      try {
        ApiHttpClient.Response answer =
            client.get(
                node, ApiPaths.FENCED_STOCK + "?index=" + index, deadline.atMost(REQUEST_TIMEOUT));
        if (answer.ok()) {
          return Json.fromJson(answer.body(), Stock.Fenced.class);
        }
      } catch (ConnectException _) {
        // A catalog that is not running cannot reach the fence.
        return null;
      } catch (IOException _) {
        // Retried until the deadline.
      }
      if (deadline.passed()) {
        return null;
      }
      deadline.pause(POLL);
    }
  }

  private VerifyReport.Catalog verdict(
      Node node, Stock.@Nullable Fenced found, Node leader, Stock.@Nullable Fenced expected) {
    if (found == null || expected == null) {
      findings.add(node.name() + " did not report its state at the fence of the catalog log");
      return VerifyReport.Catalog.incomplete(node);
    }
    boolean equal = found.equals(expected);
    if (!equal) {
      findings.add(
          node.name()
              + " has other stock than "
              + leader.name()
              + ": "
              + difference(found, expected));
    }
    return new VerifyReport.Catalog(
        node.name(),
        found.index(),
        found.hash(),
        equal ? VerifyReport.Result.EQUAL : VerifyReport.Result.DIVERGED);
  }

  private static String difference(Stock.Fenced found, Stock.Fenced expected) {
    for (int i = 0; i < Math.min(found.stock().size(), expected.stock().size()); i++) {
      if (!found.stock().get(i).equals(expected.stock().get(i))) {
        return found.stock().get(i) + " instead of " + expected.stock().get(i);
      }
    }
    return found.stock().size() == expected.stock().size()
        ? "the open holds differ"
        : found.stock().size() + " products instead of " + expected.stock().size();
  }
}
