package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.StoreConfig.Node;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Stock;
import toystore.toyctl.cluster.CommandDeadline;
import toystore.toyctl.cluster.HttpApi;
import toystore.toyctl.cluster.ParallelTasks;
import toystore.toyctl.cluster.status.NodeClient;

/**
 * Compares what the catalogs of a group hold at one index of their log, also while others buy: a
 * fence in the log has each of them keep it.
 */
public final class CatalogComparison {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration REQUEST = Duration.ofSeconds(3);

  private final StoreConfig config;
  private final NodeClient client;
  private final CommandDeadline deadline;
  private final List<String> findings = new ArrayList<>();

  /**
   * @param deadline for the fence, and for all catalogs to reach it
   */
  public CatalogComparison(StoreConfig config, NodeClient client, CommandDeadline deadline) {
    this.config = config;
    this.client = client;
    this.deadline = deadline;
  }

  /** What was found wrong or missing, in words. */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  /** The fence, and who set it. */
  private record Fenced(Node leader, long index) {}

  /** A verdict on each catalog, the lowest id first; none where there is nothing to compare. */
  public List<VerifyReport.Catalog> compare() throws InterruptedException {
    List<Node> nodes = config.nodes(Role.CATALOG).reversed();
    if (nodes.size() == 1) {
      return List.of();
    }
    Fenced fence = fence();
    if (fence == null) {
      findings.add("no catalog leader answered: the catalogs were not compared");
      return nodes.stream().map(VerifyReport.Catalog::incomplete).toList();
    }
    Map<Node, Optional<Stock.Fenced>> held =
        ParallelTasks.forEach(nodes, node -> Optional.ofNullable(heldBy(node, fence.index)));
    Stock.Fenced expected = held.getOrDefault(fence.leader, Optional.empty()).orElse(null);
    return held.entrySet().stream()
        .map(
            entry -> verdict(entry.getKey(), entry.getValue().orElse(null), fence.leader, expected))
        .toList();
  }

  /** Has the catalog's leader set a fence; which one leads may change while it is looked for. */
  private @Nullable Fenced fence() throws InterruptedException {
    while (true) {
      int refused = 0;
      for (Node node : config.nodes(Role.CATALOG)) {
        try {
          HttpApi.Answer answer = client.post(node, ApiPaths.FENCE, deadline.atMost(REQUEST));
          if (answer.ok()) {
            return new Fenced(node, Json.fromJson(answer.body(), Stock.Fence.class).index());
          }
        } catch (ConnectException _) {
          refused++;
        } catch (IOException _) {
          // Asked again until the deadline; what the others say counts as much.
        }
      }
      if (deadline.passed() || refused == config.nodes(Role.CATALOG).size()) {
        return null;
      }
      deadline.pause(POLL);
    }
  }

  /** What a catalog held at the fence, or null if it does not get there in time. */
  private Stock.@Nullable Fenced heldBy(Node node, long index) throws InterruptedException {
    while (true) {
      try {
        HttpApi.Answer answer =
            client.get(node, ApiPaths.FENCED_STOCK + "?index=" + index, deadline.atMost(REQUEST));
        if (answer.ok()) {
          return Json.fromJson(answer.body(), Stock.Fenced.class);
        }
      } catch (ConnectException _) {
        // A process that is not there will not get there.
        return null;
      } catch (IOException _) {
        // Asked again until the deadline.
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
      findings.add(node.name() + " does not say what it held at the fence of the catalog");
      return VerifyReport.Catalog.incomplete(node);
    }
    boolean equal = found.equals(expected);
    if (!equal) {
      findings.add(
          node.name()
              + " holds other stock than "
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
