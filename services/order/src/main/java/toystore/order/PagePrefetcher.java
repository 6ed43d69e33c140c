package toystore.order;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** Fetches the next page of missed orders while the last one is written. */
final class PagePrefetcher implements AutoCloseable {
  private final OrderLog.MissedOrders source;
  private final String member;
  private @Nullable FutureTask<OrderLog.Missed> next;
  private @Nullable Thread thread;

  PagePrefetcher(OrderLog.MissedOrders source, String member) {
    this.source = source;
    this.member = member;
  }

  OrderLog.Missed first(long afterNumber) throws IOException {
    return source.fetch(member, afterNumber);
  }

  void prefetch(long afterNumber) {
    FutureTask<OrderLog.Missed> task = new FutureTask<>(() -> source.fetch(member, afterNumber));
    next = task;
    thread = Thread.ofVirtual().name("missed-orders").start(task);
  }

  /** Waits for what was prefetched. */
  OrderLog.Missed next() throws IOException {
    FutureTask<OrderLog.Missed> task = next;
    if (task == null) {
      throw new IllegalStateException("nothing was prefetched");
    }
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause
          ? cause
          : new IOException("missed orders could not be fetched from " + member, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while missed orders were fetched", e);
    }
  }

  /** Gives up what is still being fetched. */
  @Override
  public void close() {
    Thread fetching = thread;
    if (fetching != null) {
      fetching.interrupt();
    }
  }
}
