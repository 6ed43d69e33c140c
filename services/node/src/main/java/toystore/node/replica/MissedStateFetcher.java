package toystore.node.replica;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;

/**
 * Fetches the rows that this replica missed from another member of its group, page by page, and
 * installs each page. While one page is installed, the next page is fetched, so memory holds at
 * most two pages.
 *
 * <p>An install runs for one member. The log interrupts the installing thread if another member
 * becomes leader; the install then fails with an {@link IOException}, and so it does if the member
 * does not respond.
 *
 * @param <K> the key that orders the rows; a page contains the rows after a key
 * @param <P> a page of rows
 */
public final class MissedStateFetcher<K, P extends MissedStateFetcher.Page<K>> {
  /** Maximum number of rows in a page; a page is written in one transaction. */
  public static final int PAGE_ROWS = 5_000;

  /** Rows of another member in the order of their keys. */
  public interface Page<K> {
    /** Whether the member has no rows after this page. */
    boolean complete();

    /** The key of the last row, or null if the page has no rows. */
    @Nullable K lastKey();
  }

  /** Requests a page from a member. */
  @FunctionalInterface
  public interface Source<K, P> {
    /** Returns at most {@link #PAGE_ROWS} rows after a key. */
    P fetch(String member, K after) throws IOException;
  }

  /** Checks that a page continues the state of this replica, and makes the page durable. */
  @FunctionalInterface
  public interface Installer<P> {
    /** Returns the position of the state after the page. */
    LogPosition install(P page) throws IOException;
  }

  private final Source<K, P> source;

  public MissedStateFetcher(Source<K, P> source) {
    this.source = source;
  }

  /**
   * Installs all pages after a key.
   *
   * @return the position of the state after the last page
   * @throws IOException if a page cannot be fetched or does not continue the state, or if the
   *     thread is interrupted
   */
  public LogPosition installAll(String member, K after, Installer<P> installer) throws IOException {
    try (Prefetch prefetch = new Prefetch(member)) {
      P page = source.fetch(member, after);
      while (!page.complete()) {
        K last = page.lastKey();
        if (last == null) {
          throw new IOException(member + " has more rows but sent an empty page");
        }
        prefetch.start(last);
        var _ = installer.install(page);
        page = prefetch.await();
      }
      return installer.install(page);
    }
  }

  /** The next page, which a virtual thread fetches. */
  private final class Prefetch implements AutoCloseable {
    private final String member;
    private @Nullable FutureTask<P> page;
    private @Nullable Thread thread;

    Prefetch(String member) {
      this.member = member;
    }

    void start(K after) {
      FutureTask<P> task = new FutureTask<>(() -> source.fetch(member, after));
      page = task;
      thread = Thread.ofVirtual().name("missed-state").start(task);
    }

    P await() throws IOException {
      FutureTask<P> task = page;
      if (task == null) {
        throw new IllegalStateException("no prefetch was started");
      }
      try {
        return task.get();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof IOException cause
            ? cause
            : new IOException("cannot fetch missed rows from " + member, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while fetching missed rows from " + member, e);
      }
    }

    /** Interrupts a fetch whose page is no longer needed. */
    @Override
    public void close() {
      Thread fetching = thread;
      if (fetching != null) {
        fetching.interrupt();
      }
    }
  }
}
