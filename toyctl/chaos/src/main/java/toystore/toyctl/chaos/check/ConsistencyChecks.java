package toystore.toyctl.chaos.check;

import java.util.concurrent.atomic.LongAdder;

/** All that is checked and counted while clients shop. */
public final class ConsistencyChecks {
  private final Findings findings = new Findings();
  private final ProductReadChecker products = new ProductReadChecker(findings);
  private final OrderReadChecker orders = new OrderReadChecker(findings);
  private final OrderLedger ledger = new OrderLedger(findings);
  private final AcknowledgementTimes answers = new AcknowledgementTimes();
  private final LongAdder reads = new LongAdder();
  private final LongAdder refusals = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private final LongAdder disturbances = new LongAdder();

  public Findings findings() {
    return findings;
  }

  public ProductReadChecker products() {
    return products;
  }

  public OrderReadChecker orders() {
    return orders;
  }

  public OrderLedger ledger() {
    return ledger;
  }

  public AcknowledgementTimes answers() {
    return answers;
  }

  /** Product and order reads that were answered. */
  public LongAdder reads() {
    return reads;
  }

  /** Purchases that were too late: nothing was left. */
  public LongAdder refusals() {
    return refusals;
  }

  /** Requests that a front end answered with 503: clients were told to come again. */
  public LongAdder errors() {
    return errors;
  }

  /** Requests without an answer: no connection, or it broke, or nothing came in time. */
  public LongAdder disturbances() {
    return disturbances;
  }
}
