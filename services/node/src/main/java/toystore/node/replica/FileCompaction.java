package toystore.node.replica;

import java.lang.System.Logger.Level;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.db.storage.Database;

/**
 * Compacts an H2 file in small steps. H2 does not free the space of dead pages by itself if it
 * writes each commit at once.
 */
final class FileCompaction implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FileCompaction.class.getName());
  private static final long INTERVAL_SECONDS = 5;
  private static final int MAX_BYTES = 8 << 20;

  private final ScheduledThreadPoolExecutor timer;

  FileCompaction(Database database) {
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("compaction").factory());
    timer.scheduleWithFixedDelay(
        () -> compact(database), INTERVAL_SECONDS, INTERVAL_SECONDS, TimeUnit.SECONDS);
  }

  private static void compact(Database database) {
    database
        .compact(MAX_BYTES)
        .whenComplete(
            (rewritten, e) -> {
              if (e != null) {
                // The writer thread has also failed, and halts the node.
                LOG.log(Level.WARNING, "cannot compact the database", e);
              }
            });
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
