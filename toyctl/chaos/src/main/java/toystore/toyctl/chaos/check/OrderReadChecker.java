package toystore.toyctl.chaos.check;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import toystore.protocol.api.Order;

/**
 * Whether orders, once acknowledged or shown to anyone, are there and as they were (promise P1):
 * linearizability of "order exists", whose register goes from no to yes and never changes again.
 */
public final class OrderReadChecker {
  private final Findings findings;
  private final Map<Long, Order> known = new ConcurrentHashMap<>();

  public OrderReadChecker(Findings findings) {
    this.findings = findings;
  }

  /** A read of the order is about to be sent: whether it must find it. */
  public boolean begin(long number) {
    return known.containsKey(number);
  }

  /** Someone was told of this order. */
  public void told(Order order) {
    Order before = known.putIfAbsent(order.number(), order);
    if (before != null && !before.equals(order)) {
      findings.add("order " + order.number() + " was told as " + before + " and as " + order);
    }
  }

  /** A read that began when the order had to be there, or not, was answered with 404. */
  public void missing(long number, boolean known) {
    if (known) {
      findings.add("order " + number + " was not found after someone had been told of it");
    }
  }

  /** How many orders anyone was told of. */
  public long count() {
    return known.size();
  }
}
