package toystore.toyctl.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import toystore.toyctl.chaos.load.LoadStatistics;
import toystore.toyctl.cli.context.CommandOutput;

/** Shows the progress of a load in one line of the terminal, if there is a terminal. */
final class LoadProgress {
  private static final long REFRESH_MS = 500;
  private static final Duration LAST_REFRESH = Duration.ofSeconds(1);

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread;
  private final boolean shown;

  LoadProgress(LoadStatistics statistics, CommandOutput output) {
    this.thread = Thread.ofVirtual().unstarted(() -> show(statistics, output.err()));
    this.shown = isTerminal() && output.isVerbose();
  }

  void start() {
    if (shown) {
      thread.start();
    }
  }

  // System.console() returns null only if a system property selects another console provider.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private void show(LoadStatistics statistics, PrintWriter err) {
    try {
      boolean isLast;
      do {
        isLast = ended.await(REFRESH_MS, TimeUnit.MILLISECONDS);
        err.print(
            String.format(
                Locale.ROOT,
                "\r%d queries, %d orders, %d out of stock, %d errors",
                statistics.queries.sum(),
                statistics.orders.sum(),
                statistics.outOfStock.sum(),
                statistics.errors.sum()));
        err.print(isLast ? "\n" : "");
        err.flush();
      } while (!isLast);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** Shows the final counts and ends. */
  void end() throws InterruptedException {
    ended.countDown();
    if (shown) {
      thread.join(LAST_REFRESH);
    }
  }
}
