package toystore.order;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import toystore.api.Json;
import toystore.api.LoggedOrder;
import toystore.db.storage.LogPosition;
import toystore.server.Caller;

/**
 * Missed orders by difference (design, section 7): a replica that is behind the start of the Raft
 * log asks the leader for the orders after its own last one. The cost follows what was missed.
 */
final class MissedOrdersWire implements OrderLog.MissedOrders {
  static final String PATH = "/missed";
  private static final int PAGE = 5_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /**
   * Rows of one page as of one position; the last page is the one that is not full.
   *
   * @param tombstones all that are not forgotten
   */
  record Page(
      long term,
      long index,
      long nowMs,
      long prunedBeforeMs,
      List<LoggedOrder> rows,
      List<OrderChange.Tombstoned> tombstones) {}

  private final Caller caller;
  private final Function<String, String> urlOf;

  /**
   * A fetcher of missed orders.
   *
   * @param urlOf the HTTP address of a member
   */
  MissedOrdersWire(Caller caller, Function<String, String> urlOf) {
    this.caller = caller;
    this.urlOf = urlOf;
  }

  static Page page(OrderLog log, long from) {
    OrderLog.Missed missed = log.missedAfter(from - 1, PAGE);
    return new Page(
        missed.position().term(),
        missed.position().index(),
        missed.time().nowMs(),
        missed.time().prunedBeforeMs(),
        missed.rows().stream().map(OrderRow::logged).toList(),
        missed.tombstones());
  }

  @Override
  public OrderLog.Missed fetch(String leader, long afterNumber) throws IOException {
    List<OrderRow> rows = new ArrayList<>();
    while (true) {
      Page page = get(urlOf.apply(leader) + PATH + "?from=" + (afterNumber + 1 + rows.size()));
      page.rows().forEach(row -> rows.add(OrderRow.of(row)));
      // Rows never change, so pages fit together; the last one's position covers them all.
      if (page.rows().size() < PAGE) {
        return new OrderLog.Missed(
            new LogPosition(page.term(), page.index()),
            new OrderChange.Time(page.nowMs(), page.prunedBeforeMs()),
            rows,
            page.tombstones());
      }
    }
  }

  private Page get(String url) throws IOException {
    try {
      Caller.Reply reply =
          caller.call(url, null, TIMEOUT).get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      if (!reply.ok()) {
        throw new IOException(url + " answered " + reply.status());
      }
      return Json.fromCbor(reply.body(), Page.class);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(url + " did not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while missed orders were fetched", e);
    }
  }
}
