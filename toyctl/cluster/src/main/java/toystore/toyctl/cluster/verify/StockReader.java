package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import toystore.client.ApiHttpClient;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.config.Topology.Node;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Stock;
import toystore.toyctl.cluster.nodes.NodeClient;

/** Reads the stock of all products from the leader of the catalog. */
final class StockReader {
  private static final Duration POLL = Duration.ofMillis(50);

  /** The limit for one request, after which the next catalog node is asked. */
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);

  private final List<Node> catalogs;
  private final NodeClient client;

  StockReader(StoreConfig config, NodeClient client) {
    this.catalogs = config.nodes(Role.CATALOG);
    this.client = client;
  }

  /** The present stock, or null if no leader answered before the deadline. */
  Stock.@Nullable Report read(Deadline deadline) throws InterruptedException {
    while (true) {
      int refused = 0;
      for (Node node : catalogs) {
        try {
          ApiHttpClient.Response answer =
              client.get(node, ApiPaths.STOCK, deadline.atMost(REQUEST_TIMEOUT));
          if (answer.ok()) {
            return Json.fromJson(answer.body(), Stock.Report.class);
          }
        } catch (ConnectException _) {
          refused++;
        } catch (IOException _) {
          // Retried until the deadline.
        }
      }
      if (deadline.passed() || refused == catalogs.size()) {
        return null;
      }
      deadline.pause(POLL);
    }
  }

  /**
   * The stock when no hold is open, or at the deadline. If held and sold items together increase,
   * clients are still buying; then the method returns without waiting further.
   *
   * @return null if no leader answered before the deadline
   */
  Stock.@Nullable Report readWithoutHolds(Deadline deadline) throws InterruptedException {
    Stock.Report last = read(deadline);
    while (last != null && held(last) > 0 && !deadline.passed()) {
      deadline.pause(POLL);
      Stock.Report next = read(deadline);
      if (next == null) {
        return null;
      }
      boolean clientsAreBuying = heldAndSold(next) > heldAndSold(last);
      last = next;
      if (clientsAreBuying) {
        return last;
      }
    }
    return last;
  }

  private static long held(Stock.Report report) {
    return report.stock().stream().mapToLong(Stock::held).sum();
  }

  private static long heldAndSold(Stock.Report report) {
    return report.stock().stream().mapToLong(stock -> stock.held() + stock.sold()).sum();
  }
}
