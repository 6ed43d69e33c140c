package toystore.order.log;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.StorageException;

/**
 * Checks all rows of the order log, slowly and repeatedly: H2's pages have no checksums, and a
 * start checks only the newest rows. The scrub saves its place at intervals, so that it reaches the
 * end even if the replica restarts often.
 */
public final class OrderLogScrub implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OrderLogScrub.class.getName());
  private static final int STEPS_BETWEEN_SAVES = 30;

  private final OrderVerification verification;
  private final int rows;
  private final Consumer<StorageException> onDamage;
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("scrub").factory());

  private volatile LogPrefix reached;
  private long saved;
  private int steps;

  /**
   * Continues from the saved place.
   *
   * @param rowsPerSecond how many rows to check each second; 0 disables the scrub
   * @param delay time until the first step
   * @param onDamage called once, with the damage that the scrub finds
   */
  public OrderLogScrub(
      OrderVerification verification,
      int rowsPerSecond,
      Duration delay,
      Consumer<StorageException> onDamage) {
    this.verification = verification;
    this.rows = rowsPerSecond;
    this.onDamage = onDamage;
    this.reached = verification.scrubbed();
    this.saved = reached.orders();
    if (rowsPerSecond > 0) {
      timer.scheduleWithFixedDelay(this::run, delay.toMillis(), 1000, TimeUnit.MILLISECONDS);
    }
  }

  /** Runs on the timer. An exception must not escape: it would silently cancel the timer. */
  private void run() {
    try {
      checkNextRows();
    } catch (DamagedFileException e) {
      timer.shutdown();
      onDamage.accept(e);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "the scrub cannot read rows now, will try again", e);
    }
  }

  void checkNextRows() {
    LogPrefix next = verification.scrub(reached, rows);
    boolean atEnd = next.orders() - reached.orders() < rows;
    reached = atEnd ? LogPrefix.EMPTY : next;
    if (++steps % STEPS_BETWEEN_SAVES == 0 && reached.orders() != saved) {
      saved = reached.orders();
      var _ = verification.markScrubbed(reached);
    }
  }

  /** How many rows of the current pass are checked. */
  long reached() {
    return reached.orders();
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
