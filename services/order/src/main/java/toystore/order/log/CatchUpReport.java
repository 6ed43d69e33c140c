package toystore.order.log;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reports which orders a replica had missed when it started, and where they came from: as rows from
 * another member, or as entries of the leader's log. Orders that its own log contained were not
 * missed. It runs once, when the replica has caught up.
 */
public final class CatchUpReport implements Runnable {
  private static final int PAGE_ROWS = 1_000;

  private final OrderLog log;
  private final long logEnd;
  private final Supplier<@Nullable String> leader;
  private final Consumer<String> onReport;

  /**
   * Creates the report of a replica that has just started.
   *
   * @param logEnd index of the last entry of the replica's own log at the start
   * @param leader returns the leader if it is another member, otherwise null
   * @param onReport receives the text
   */
  public CatchUpReport(
      OrderLog log, long logEnd, Supplier<@Nullable String> leader, Consumer<String> onReport) {
    this.log = log;
    this.logEnd = logEnd;
    this.leader = leader;
    this.onReport = onReport;
  }

  @Override
  public void run() {
    List<FetchedOrders.Range> fetched = log.fetched();
    long end = log.head().orders();
    long next = fetched.isEmpty() ? log.ordersAtStart() : fetched.getLast().last() + 1;
    String text = describe(fetched, firstAfterOwnLog(next), end, leader.get());
    System.getLogger(CatchUpReport.class.getName()).log(Level.INFO, text);
    onReport.accept(text);
  }

  /** The first order from this number on that the replica's own log did not contain. */
  private long firstAfterOwnLog(long from) {
    long number = from;
    while (true) {
      List<OrderRow> rows = log.lookup().after(number - 1, PAGE_ROWS);
      for (OrderRow row : rows) {
        if (row.logIndex() > logEnd) {
          return row.number();
        }
        number = row.number() + 1;
      }
      if (rows.isEmpty()) {
        return number;
      }
    }
  }

  /**
   * Describes what was missed.
   *
   * @param firstFromLog the number of the first order that the leader's log contained
   * @param end one more than the number of the last order that the leader's log contained
   */
  static String describe(
      List<FetchedOrders.Range> fetched, long firstFromLog, long end, @Nullable String leader) {
    List<String> parts = new ArrayList<>();
    long count = 0;
    for (FetchedOrders.Range range : fetched) {
      parts.add(numbers(range.first(), range.last()) + " from " + range.member());
      count += range.last() - range.first() + 1;
    }
    if (end > firstFromLog) {
      parts.add(
          numbers(firstFromLog, end - 1)
              + (leader == null ? " from the Raft log" : " from the log of " + leader));
      count += end - firstFromLog;
    }
    if (parts.isEmpty()) {
      return "missed no orders";
    }
    String orders = count == 1 ? "1 missed order" : count + " missed orders";
    return parts.size() == 1
        ? orders + ", " + parts.getFirst().replaceFirst(" from", ", from")
        : orders + ": " + String.join(", ", parts);
  }

  private static String numbers(long first, long last) {
    return first == last ? Long.toString(first) : first + "–" + last;
  }
}
