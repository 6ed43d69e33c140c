package toystore.toyctl.chaos.check;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import toystore.protocol.api.Order;

/**
 * Checks that an order still exists and is unchanged after a client has observed it (promise P1).
 * This is the linearizability of a register "the order exists" that changes once, from no to yes.
 */
public final class OrderReadChecker {
  private final Violations violations;
  private final Map<Long, Order> observed = new ConcurrentHashMap<>();

  public OrderReadChecker(Violations violations) {
    this.violations = violations;
  }

  /** Whether a client has observed the order, so that a read that begins now must find it. */
  public boolean isKnown(long number) {
    return observed.containsKey(number);
  }

  /** Records that a client has observed the order, in a read or as the result of a purchase. */
  public void observed(Order order) {
    Order before = observed.putIfAbsent(order.number(), order);
    if (before != null && !before.equals(order)) {
      violations.add("order " + order.number() + " was observed as " + before + " and as " + order);
    }
  }

  /**
   * Checks a read that was answered with status 404.
   *
   * @param mustExist the result of {@link #isKnown} before the read began
   */
  public void notFound(long number, boolean mustExist) {
    if (mustExist) {
      violations.add("order " + number + " was not found after a client had observed it");
    }
  }

  /** The number of orders that clients have observed. */
  public long count() {
    return observed.size();
  }
}
