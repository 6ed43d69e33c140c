package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import toystore.config.Topology.Node;
import toystore.protocol.message.LoggedOrder;
import toystore.toyctl.cluster.ErrorText;
import toystore.toyctl.cluster.nodes.NodeClient;

/**
 * Reads the log of a replica from its first row. It keeps at most two pages: the page that the
 * caller reads, and the next page, which is fetched in the background.
 */
public final class LogCursor {
  static final int PAGE = 2_000;

  private final NodeClient client;
  private final Node node;
  private final Duration pageTimeout;
  private final ExecutorService fetcher;
  private Iterator<LoggedOrder> page = List.<LoggedOrder>of().iterator();
  private Future<LoggedOrder.Page> next;

  /**
   * @param pageTimeout the limit for reading one page
   * @param fetcher runs the requests
   */
  public LogCursor(NodeClient client, Node node, Duration pageTimeout, ExecutorService fetcher) {
    this.client = client;
    this.node = node;
    this.pageTimeout = pageTimeout;
    this.fetcher = fetcher;
    this.next = fetch(-1);
  }

  private Future<LoggedOrder.Page> fetch(long after) {
    return fetcher.submit(() -> client.log(node, after, PAGE, pageTimeout));
  }

  /**
   * The next row, or null after the last row.
   *
   * @throws IOException if the row could not be read
   */
  public @Nullable LoggedOrder next() throws IOException, InterruptedException {
    if (!page.hasNext()) {
      List<LoggedOrder> rows = nextPage();
      if (rows.isEmpty()) {
        return null;
      }
      // If the numbers do not increase, the same page would be requested again and again.
      long last = rows.getLast().number();
      if (last < rows.getFirst().number()) {
        throw new IOException("the rows are not sorted by order number");
      }
      next = fetch(last);
      page = rows.iterator();
    }
    return page.next();
  }

  private List<LoggedOrder> nextPage() throws IOException, InterruptedException {
    try {
      return next.get().orders();
    } catch (ExecutionException e) {
      throw new IOException(ErrorText.reason(e.getCause() == null ? e : e.getCause()), e);
    }
  }
}
