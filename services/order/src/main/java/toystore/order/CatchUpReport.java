package toystore.order;

import java.lang.System.Logger.Level;
import java.util.function.Consumer;

/** Says, once a starting replica has caught up, which orders it had missed. */
final class CatchUpReport implements Runnable {
  private final OrderLog log;
  private final Consumer<String> tell;
  private final long had;

  /**
   * A report that counts from the orders that the log has now.
   *
   * @param tell gets the report in words
   */
  CatchUpReport(OrderLog log, Consumer<String> tell) {
    this.log = log;
    this.tell = tell;
    this.had = log.head().orders();
  }

  @Override
  public void run() {
    String text = describe(had, log.head().orders());
    System.getLogger(CatchUpReport.class.getName()).log(Level.INFO, text);
    tell.accept(text);
  }

  static String describe(long had, long has) {
    long missed = has - had;
    if (missed == 0) {
      return "missed no orders";
    }
    return missed == 1
        ? "1 missed order, " + had
        : missed + " missed orders, " + had + "–" + (has - 1);
  }
}
