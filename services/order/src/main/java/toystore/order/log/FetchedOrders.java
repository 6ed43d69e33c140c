package toystore.order.log;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The orders that this replica has fetched from other members since its process started. */
final class FetchedOrders {
  /** Consecutive orders that were fetched from one member. */
  record Range(String member, long first, long last) {}

  private final List<Range> ranges = new CopyOnWriteArrayList<>();

  /** Adds the orders from one number to before another; one thread at a time. */
  void add(String member, long from, long to) {
    if (to <= from) {
      return;
    }
    Range last = ranges.isEmpty() ? null : ranges.getLast();
    if (last != null && last.member().equals(member) && last.last() == from - 1) {
      ranges.set(ranges.size() - 1, new Range(member, last.first(), to - 1));
    } else {
      ranges.add(new Range(member, from, to - 1));
    }
  }

  /** The ranges in the order in which they were fetched. */
  List<Range> ranges() {
    return List.copyOf(ranges);
  }
}
