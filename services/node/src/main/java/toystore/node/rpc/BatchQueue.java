package toystore.node.rpc;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Predicate;

/**
 * The items that wait for a {@link Batcher}, and the decision when the next batch is due. Not
 * thread-safe: the batcher's lock guards it.
 *
 * <p>If no batch is in flight, the next batch is due at once. Otherwise it is due if a lane is
 * free, and one of these holds: it is full, it has at least as many items as the batches in flight
 * on average, or its first item has waited for the maximum delay.
 */
final class BatchQueue<I, O> {
  private final int maxBatch;
  private final int maxQueued;
  private final int lanes;
  private final long maxDelayNanos;
  private final Predicate<I> wanted;
  private final Queue<PendingItem<I, O>> queue = new ArrayDeque<>();
  private int batchesInFlight;
  private int itemsInFlight;

  BatchQueue(int maxBatch, int maxQueued, int lanes, Duration maxDelay, Predicate<I> wanted) {
    this.maxBatch = maxBatch;
    this.maxQueued = maxQueued;
    this.lanes = lanes;
    this.maxDelayNanos = maxDelay.toNanos();
    this.wanted = wanted;
  }

  /**
   * Appends an item.
   *
   * @return false if the queue is full
   */
  boolean offer(PendingItem<I, O> item) {
    return queue.size() < maxQueued && queue.add(item);
  }

  int size() {
    return queue.size();
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Whether the next batch should be sent now. */
  boolean isDue(long nowNanos) {
    PendingItem<I, O> first = queue.peek();
    return first != null
        && hasFreeLane()
        && (batchesInFlight == 0
            || queue.size() >= maxBatch
            || (long) queue.size() * batchesInFlight >= itemsInFlight
            || nowNanos - first.sinceNanos() >= maxDelayNanos);
  }

  /** Whether the next batch becomes due by the passing of time: an item waits, a lane is free. */
  boolean hasDueTime() {
    return !queue.isEmpty() && hasFreeLane();
  }

  /** When the first item has waited for the maximum delay, on the clock of nanoTime. */
  long dueNanos() {
    return queue.element().sinceNanos() + maxDelayNanos;
  }

  private boolean hasFreeLane() {
    return batchesInFlight < lanes;
  }

  /** Whether a batch of this many items may be sent at once, without the queue. */
  boolean canBypass(int items) {
    return queue.isEmpty() && hasFreeLane() && items <= maxBatch;
  }

  /** Moves items from the queue to {@code batch}, or to {@code unwanted}. */
  void take(List<PendingItem<I, O>> batch, List<PendingItem<I, O>> unwanted) {
    while (batch.size() < maxBatch && !queue.isEmpty()) {
      PendingItem<I, O> first = queue.remove();
      (wanted.test(first.item()) ? batch : unwanted).add(first);
    }
  }

  /** Empties the queue. */
  List<PendingItem<I, O>> removeAll() {
    List<PendingItem<I, O>> removed = new ArrayList<>(queue);
    queue.clear();
    return removed;
  }

  void batchStarted(int items) {
    batchesInFlight++;
    itemsInFlight += items;
  }

  void batchEnded(int items) {
    batchesInFlight--;
    itemsInFlight -= items;
  }
}
