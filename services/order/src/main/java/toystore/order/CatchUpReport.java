package toystore.order;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says, once a starting replica has caught up, which orders it had missed and where they came from:
 * fetched from a member as rows, or with the log of the leader. What its own log still held was not
 * missed.
 */
final class CatchUpReport implements Runnable {
  private static final int PAGE = 1_000;

  private final OrderLog log;
  private final long logEnd;
  private final Supplier<@Nullable String> leader;
  private final Consumer<String> tell;

  /**
   * A report for a replica that has just been started.
   *
   * @param logEnd index of the last entry of its own log at the start
   * @param leader the other member that leads, if one does
   * @param tell gets the report in words
   */
  CatchUpReport(
      OrderLog log, long logEnd, Supplier<@Nullable String> leader, Consumer<String> tell) {
    this.log = log;
    this.logEnd = logEnd;
    this.leader = leader;
    this.tell = tell;
  }

  @Override
  public void run() {
    List<OrderLog.Fetched> fetched = log.fetched();
    long has = log.head().orders();
    long own = fetched.isEmpty() ? log.ordersAtStart() : fetched.getLast().last() + 1;
    String text = describe(fetched, firstAfterOwnLog(own), has, leader.get());
    System.getLogger(CatchUpReport.class.getName()).log(Level.INFO, text);
    tell.accept(text);
  }

  /** The first order from this number on that its own log did not hold. */
  private long firstAfterOwnLog(long from) {
    long number = from;
    while (true) {
      List<OrderRow> rows = log.after(number - 1, PAGE);
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

  /** Orders from {@code late} up to before {@code has} came with the log. */
  static String describe(
      List<OrderLog.Fetched> fetched, long late, long has, @Nullable String leader) {
    List<String> parts = new ArrayList<>();
    long count = 0;
    for (OrderLog.Fetched part : fetched) {
      parts.add(range(part.first(), part.last()) + " from " + part.from());
      count += part.last() - part.first() + 1;
    }
    if (has > late) {
      parts.add(
          range(late, has - 1)
              + (leader == null ? " from the Raft log" : " from the log of " + leader));
      count += has - late;
    }
    if (parts.isEmpty()) {
      return "missed no orders";
    }
    String orders = count == 1 ? "1 missed order" : count + " missed orders";
    return parts.size() == 1
        ? orders + ", " + parts.getFirst().replaceFirst(" from", ", from")
        : orders + ": " + String.join(", ", parts);
  }

  private static String range(long first, long last) {
    return first == last ? Long.toString(first) : first + "–" + last;
  }
}
