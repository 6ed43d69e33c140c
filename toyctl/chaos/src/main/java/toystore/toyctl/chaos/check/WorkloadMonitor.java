package toystore.toyctl.chaos.check;

import java.util.concurrent.atomic.LongAdder;

/** The checkers and counters to which the clients of a workload report their observations. */
public final class WorkloadMonitor {
  private final Violations violations = new Violations();
  private final ProductReadChecker products = new ProductReadChecker(violations);
  private final OrderReadChecker orders = new OrderReadChecker(violations);
  private final AcknowledgedOrders ledger = new AcknowledgedOrders(violations);
  private final AcknowledgementTimes acknowledgements = new AcknowledgementTimes();
  private final LongAdder reads = new LongAdder();
  private final LongAdder outOfStock = new LongAdder();
  private final LongAdder unavailable = new LongAdder();
  private final LongAdder unanswered = new LongAdder();

  public Violations violations() {
    return violations;
  }

  public ProductReadChecker products() {
    return products;
  }

  public OrderReadChecker orders() {
    return orders;
  }

  public AcknowledgedOrders ledger() {
    return ledger;
  }

  public AcknowledgementTimes acknowledgements() {
    return acknowledgements;
  }

  /** The number of product and order reads with a response. */
  public LongAdder reads() {
    return reads;
  }

  /** The number of purchases that were refused because the stock was too small. */
  public LongAdder outOfStock() {
    return outOfStock;
  }

  /** The number of requests that a front end answered with status 503. */
  public LongAdder unavailable() {
    return unavailable;
  }

  /** The number of requests without a response: no connection, a lost connection, or a timeout. */
  public LongAdder unanswered() {
    return unanswered;
  }
}
