package toystore.db.raft;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Confirms that this member still leads by committing a no-op entry (Raft §8). A caller that
 * arrives while an entry is being committed waits for the next one, which all such callers share.
 *
 * <p>The confirmation does not rely on clocks: a leader that was cut off from a majority commits
 * nothing, even if it has not noticed yet.
 */
final class ReadIndex {
  private final Supplier<CompletableFuture<?>> commitNoOp;
  private @Nullable CompletableFuture<Void> next;
  private boolean committing;

  /**
   * Creates an instance without callers.
   *
   * @param commitNoOp commits a no-op entry, and fails if this member does not lead
   */
  ReadIndex(Supplier<CompletableFuture<?>> commitNoOp) {
    this.commitNoOp = commitNoOp;
  }

  /** Completes when an entry that was proposed after this call is applied on this member. */
  synchronized CompletableFuture<Void> confirmLeadership() {
    CompletableFuture<Void> confirmation = next == null ? new CompletableFuture<>() : next;
    next = confirmation;
    commitIfIdle();
    return confirmation;
  }

  private synchronized void commitIfIdle() {
    CompletableFuture<Void> confirmation = next;
    if (committing || confirmation == null) {
      return;
    }
    next = null;
    committing = true;
    commitNoOp
        .get()
        .whenComplete(
            (applied, e) -> {
              committed();
              if (e == null) {
                confirmation.complete(null);
              } else {
                confirmation.completeExceptionally(e);
              }
            });
  }

  private synchronized void committed() {
    committing = false;
    commitIfIdle();
  }
}
