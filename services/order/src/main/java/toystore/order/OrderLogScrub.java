package toystore.order;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.StorageException;

/**
 * Walks all rows of the order log, slowly and again and again, since H2's pages carry no checksum
 * and a start looks at the newest rows only. Its place is noted now and then, so that restarts do
 * not keep it from ever reaching the end.
 */
final class OrderLogScrub implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OrderLogScrub.class.getName());
  private static final int STEPS_BETWEEN_NOTES = 30;

  private final OrderLog log;
  private final int rows;
  private final Consumer<StorageException> onDamage;
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("scrub").factory());

  private volatile OrderTables.Verified reached;
  private long noted;
  private int steps;

  /**
   * A scrub that begins where the last one was.
   *
   * @param rowsPerSecond how fast it walks; 0 for not at all
   * @param wait from the start, which has just looked at the newest rows, to the first step
   * @param onDamage told once of what it found
   */
  OrderLogScrub(
      OrderLog log, int rowsPerSecond, Duration wait, Consumer<StorageException> onDamage) {
    this.log = log;
    this.rows = rowsPerSecond;
    this.onDamage = onDamage;
    this.reached = log.scrubbed();
    this.noted = reached.orders();
    if (rowsPerSecond > 0) {
      timer.scheduleWithFixedDelay(this::step, wait.toMillis(), 1000, TimeUnit.MILLISECONDS);
    }
  }

  /** One step; an exception would end the walk without a word. */
  private void step() {
    try {
      walk();
    } catch (DamagedFileException e) {
      timer.shutdown();
      onDamage.accept(e);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "the scrub could not read and goes on later", e);
    }
  }

  void walk() {
    OrderTables.Verified next = log.scrub(reached, rows);
    boolean atEnd = next.orders() - reached.orders() < rows;
    reached = atEnd ? OrderTables.Verified.NOTHING : next;
    if (++steps % STEPS_BETWEEN_NOTES == 0 && reached.orders() != noted) {
      noted = reached.orders();
      var _ = log.markScrubbed(reached);
    }
  }

  /** How many rows of this round are checked. */
  long reached() {
    return reached.orders();
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
