package toystore.db.raft;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import toystore.db.log.IndeterminateException;
import toystore.db.log.ReplicatedLog;

/** The submissions whose entries are in the leader's log and not applied yet. Not thread-safe. */
final class PendingSubmissions {
  private final Map<Long, CompletableFuture<ReplicatedLog.Applied>> byIndex = new HashMap<>();

  CompletableFuture<ReplicatedLog.Applied> add(long index) {
    CompletableFuture<ReplicatedLog.Applied> submission = new CompletableFuture<>();
    byIndex.put(index, submission);
    return submission;
  }

  /** Removes the submission for this index; null if there is none. */
  @Nullable CompletableFuture<ReplicatedLog.Applied> remove(long index) {
    return byIndex.remove(index);
  }

  /** Fails all submissions as indeterminate. */
  void failAll(ListenerNotifier notifier) {
    List<CompletableFuture<ReplicatedLog.Applied>> all = List.copyOf(byIndex.values());
    byIndex.clear();
    IndeterminateException cause =
        new IndeterminateException("the entry may or may not be committed", null);
    notifier.execute(() -> all.forEach(submission -> submission.completeExceptionally(cause)));
  }
}
