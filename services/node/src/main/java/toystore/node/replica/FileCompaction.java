package toystore.node.replica;

import java.lang.System.Logger.Level;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.db.storage.Database;

/**
 * Gives the space of dead pages back, a little at a time: H2 does not do so by itself where each
 * commit is written at once.
 */
final class FileCompaction implements AutoCloseable {
  private static final long EVERY_SECONDS = 5;
  private static final int MAX_BYTES = 8 << 20;

  private final ScheduledThreadPoolExecutor timer;

  FileCompaction(Database database) {
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("compaction").factory());
    timer.scheduleWithFixedDelay(
        () -> compact(database), EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
  }

  private static void compact(Database database) {
    // A failure is one of the writer, which tells the node by itself.
    database
        .compact(MAX_BYTES)
        .whenComplete(
            (moved, e) -> {
              if (e != null) {
                System.getLogger(FileCompaction.class.getName())
                    .log(Level.WARNING, "the file could not be compacted", e);
              }
            });
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
