package toystore.db.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Futures that complete once a given index is applied on this member. */
final class AppliedIndexWaits {
  private record Wait(long index, CompletableFuture<Void> future) {}

  private final List<Wait> waits = new ArrayList<>();
  private volatile boolean someWait;

  /** The caller must call {@link #complete} afterwards: the index may already be applied. */
  CompletableFuture<Void> add(long index) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    synchronized (waits) {
      waits.add(new Wait(index, future));
      someWait = true;
    }
    return future;
  }

  /** Completes the futures for indexes up to this one. */
  void complete(long appliedIndex) {
    if (!someWait) {
      return;
    }
    List<Wait> done = new ArrayList<>();
    synchronized (waits) {
      waits.removeIf(w -> (w.index() <= appliedIndex || w.future().isDone()) && done.add(w));
      someWait = !waits.isEmpty();
    }
    done.forEach(w -> w.future().complete(null));
  }
}
