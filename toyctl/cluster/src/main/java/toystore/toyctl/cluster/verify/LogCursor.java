package toystore.toyctl.cluster.verify;

import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import toystore.config.StoreConfig.Node;
import toystore.protocol.message.LoggedOrder;
import toystore.toyctl.cluster.Wordings;
import toystore.toyctl.cluster.status.NodeClient;

/**
 * Walks through a replica's log from its first row. Holds two pages at most: the one being read and
 * the next, which is fetched meanwhile.
 */
public final class LogCursor {
  static final int PAGE = 2_000;

  private final NodeClient client;
  private final Node node;
  private final Duration pageLimit;
  private final ExecutorService fetcher;
  private Iterator<LoggedOrder> page = List.<LoggedOrder>of().iterator();
  private Future<LoggedOrder.Page> next;

  public LogCursor(NodeClient client, Node node, Duration pageLimit, ExecutorService fetcher) {
    this.client = client;
    this.node = node;
    this.pageLimit = pageLimit;
    this.fetcher = fetcher;
    this.next = fetch(-1);
  }

  private Future<LoggedOrder.Page> fetch(long after) {
    return fetcher.submit(() -> client.log(node, after, PAGE, pageLimit));
  }

  /** The next row, or null after the last; throws {@link IOException} if it cannot be had. */
  public @Nullable LoggedOrder next() throws IOException, InterruptedException {
    if (!page.hasNext()) {
      List<LoggedOrder> rows = nextPage();
      if (rows.isEmpty()) {
        return null;
      }
      // A page that does not rise would be asked for again and again.
      long last = rows.getLast().number();
      if (last < rows.getFirst().number()) {
        throw new IOException("its rows are not in the order of their numbers");
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
      throw new IOException(Wordings.reason(e.getCause() == null ? e : e.getCause()), e);
    }
  }
}
