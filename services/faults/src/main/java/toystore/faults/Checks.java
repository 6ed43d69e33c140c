package toystore.faults;

import java.util.concurrent.atomic.LongAdder;

/** All that is checked and counted while clients shop. */
public final class Checks {
  private final Findings findings = new Findings();
  private final ProductReads products = new ProductReads(findings);
  private final OrderReads orders = new OrderReads(findings);
  private final Ledger ledger = new Ledger(findings);
  private final Answers answers = new Answers();
  private final LongAdder reads = new LongAdder();
  private final LongAdder refusals = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private final LongAdder disturbances = new LongAdder();

  public Findings findings() {
    return findings;
  }

  public ProductReads products() {
    return products;
  }

  public OrderReads orders() {
    return orders;
  }

  public Ledger ledger() {
    return ledger;
  }

  public Answers answers() {
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
