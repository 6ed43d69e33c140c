package toystore.db.raft;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shows that this member leads at some moment after it was asked: an entry that changes nothing is
 * committed (Raft §8, as a leader does when its term begins). Whoever asks while one is on its way
 * waits for the next, and all of them share that one.
 *
 * <p>It relies on no clock: a leader that was cut off and does not know it yet commits nothing.
 */
final class ReadIndex {
  private final Supplier<CompletableFuture<?>> fence;
  private @Nullable CompletableFuture<Void> next;
  private boolean underWay;

  /**
   * @param fence commits an entry; fails where this member does not lead
   */
  ReadIndex(Supplier<CompletableFuture<?>> fence) {
    this.fence = fence;
  }

  /** Completes when an entry that was proposed after this call is applied here. */
  synchronized CompletableFuture<Void> ask() {
    CompletableFuture<Void> mine = next == null ? new CompletableFuture<>() : next;
    next = mine;
    beginIfFree();
    return mine;
  }

  private synchronized void beginIfFree() {
    CompletableFuture<Void> asked = next;
    if (underWay || asked == null) {
      return;
    }
    next = null;
    underWay = true;
    fence
        .get()
        .whenComplete(
            (applied, e) -> {
              ended();
              if (e == null) {
                asked.complete(null);
              } else {
                asked.completeExceptionally(e);
              }
            });
  }

  private synchronized void ended() {
    underWay = false;
    beginIfFree();
  }
}
