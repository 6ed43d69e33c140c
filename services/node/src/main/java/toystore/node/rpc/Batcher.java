package toystore.node.rpc;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import toystore.node.failure.OverloadedException;

/**
 * Group commit: while a batch is in flight, the items that are submitted form the next batch. A
 * single item is sent at once. Under load, one call, one Raft entry and one fsync serve many items.
 *
 * <p>A lane is a thread that sends one batch after another. With several lanes, a further batch is
 * sent while others are in flight, once it is as large as they are, or has waited for {@link
 * #MAX_DELAY}. Otherwise an idle lane would send each request that clients make after a large batch
 * as a batch of its own. Items that are ready together need not wait for that ({@link #sendAll}).
 *
 * @param <I> one item
 * @param <O> its answer
 */
public final class Batcher<I, O> implements AutoCloseable {
  /** Sends one batch and returns an answer for each item, in order. May block. */
  @FunctionalInterface
  public interface Send<I, O> {
    List<O> send(List<I> items) throws Exception;
  }

  private static final System.Logger LOG = System.getLogger(Batcher.class.getName());

  /** Longer than most batches take, and too short to be noticed. */
  private static final Duration MAX_DELAY = Duration.ofMillis(5);

  private final String name;
  private final int lanes;
  private final Send<I, O> send;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final BatchQueue<I, O> queue;
  private int lanesStarted;
  private int lanesIdle;

  /** Whether an idle lane waits for the time at which the next batch is due. */
  private boolean timed;

  private boolean closed;

  /**
   * Creates a batcher. It starts a platform thread for each lane when the lane is first needed:
   * lanes block in most of their calls, and each blocking call of a virtual thread costs two more
   * thread switches.
   *
   * @param name the prefix of the names of its threads
   * @param maxBatch maximum number of items in a batch
   * @param maxQueued maximum number of waiting items; further items are refused at once
   * @param lanes maximum number of batches in flight: more than one if a slow batch must not delay
   *     the batches behind it, one if batches must not overtake each other
   */
  public Batcher(String name, int maxBatch, int maxQueued, int lanes, Send<I, O> send) {
    this(name, maxBatch, maxQueued, lanes, item -> true, send);
  }

  /**
   * Like the constructor above, for items that may become superfluous while they wait. Such items
   * are not sent, and their futures fail with a {@link TimeoutException}.
   *
   * @param wanted whether a client still waits for the answer to an item
   */
  public Batcher(
      String name, int maxBatch, int maxQueued, int lanes, Predicate<I> wanted, Send<I, O> send) {
    this(name, maxBatch, maxQueued, lanes, MAX_DELAY, wanted, send);
  }

  Batcher(
      String name,
      int maxBatch,
      int maxQueued,
      int lanes,
      Duration maxDelay,
      Predicate<I> wanted,
      Send<I, O> send) {
    this.name = name;
    this.lanes = lanes;
    this.send = send;
    this.queue = new BatchQueue<>(maxBatch, maxQueued, lanes, maxDelay, wanted);
  }

  /** Adds an item to the next batch. The future fails with the exception of {@code send}. */
  public CompletableFuture<O> submit(I item) {
    return submitAll(List.of(item)).getFirst();
  }

  /** Like {@link #submit} for several items that are ready together. */
  public List<CompletableFuture<O>> submitAll(List<I> items) {
    List<CompletableFuture<O>> answers = new ArrayList<>(items.size());
    long now = System.nanoTime();
    lock.lock();
    try {
      for (I item : items) {
        CompletableFuture<O> answer = new CompletableFuture<>();
        answers.add(answer);
        if (closed) {
          answer.completeExceptionally(new OverloadedException(name + " is closed"));
        } else if (!queue.offer(new PendingItem<>(item, answer, now))) {
          answer.completeExceptionally(new OverloadedException("too many requests wait"));
        }
      }
      wakeLane();
    } finally {
      lock.unlock();
    }
    return answers;
  }

  /**
   * Like {@link #submitAll}, for a thread that only waits for the answers. If a lane is free and no
   * item waits, this thread sends the items itself, as a separate batch, and returns when they have
   * answers. This avoids two thread switches.
   */
  public List<CompletableFuture<O>> sendAll(List<I> items) {
    lock.lock();
    try {
      if (items.isEmpty() || closed || !queue.canBypass(items.size())) {
        return submitAll(items);
      }
      queue.batchStarted(items.size());
    } finally {
      lock.unlock();
    }
    List<PendingItem<I, O>> batch = new ArrayList<>(items.size());
    items.forEach(item -> batch.add(new PendingItem<>(item, new CompletableFuture<>(), 0)));
    send(batch);
    lock.lock();
    try {
      wakeLane();
    } finally {
      lock.unlock();
    }
    return batch.stream().map(PendingItem::answer).toList();
  }

  /** Ensures that a lane sends the waiting items, or waits until they are due. */
  private void wakeLane() {
    if (queue.isEmpty()) {
      return;
    }
    if (lanesIdle > 0) {
      if (!timed || queue.isDue(System.nanoTime())) {
        changed.signal();
      }
    } else if (lanesStarted < lanes) {
      startLane();
    }
  }

  private void startLane() {
    try {
      Thread.ofPlatform().daemon().name(name + "-" + (lanesStarted + 1)).start(this::runLane);
      lanesStarted++;
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "no memory for another thread of " + name, e);
      // The lanes that run already continue. If there are none, the items would wait forever.
      if (lanesStarted == 0) {
        OverloadedException refusal = new OverloadedException(name + " has no thread");
        queue.removeAll().forEach(item -> item.answer().completeExceptionally(refusal));
      }
    }
  }

  private void runLane() {
    while (true) {
      List<PendingItem<I, O>> batch = awaitBatch();
      if (batch.isEmpty()) {
        return;
      }
      send(batch);
    }
  }

  private void send(List<PendingItem<I, O>> batch) {
    try {
      List<O> answers = send.send(batch.stream().map(PendingItem::item).toList());
      if (answers.size() != batch.size()) {
        throw new IllegalStateException(
            name + ": " + answers.size() + " answers to " + batch.size() + " requests");
      }
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).answer().complete(answers.get(i));
      }
    } catch (Exception | Error e) {
      batch.forEach(item -> item.answer().completeExceptionally(e));
    } finally {
      batchEnded(batch.size());
    }
  }

  private void batchEnded(int items) {
    lock.lock();
    try {
      queue.batchEnded(items);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until a batch is due and takes it. Returns an empty batch if the batcher is closed. */
  private List<PendingItem<I, O>> awaitBatch() {
    List<PendingItem<I, O>> unwanted = new ArrayList<>();
    List<PendingItem<I, O>> batch = new ArrayList<>();
    lock.lock();
    try {
      while (batch.isEmpty() && !closed) {
        if (queue.isDue(System.nanoTime())) {
          queue.take(batch, unwanted);
        } else {
          awaitChange();
        }
      }
      queue.batchStarted(batch.size());
      wakeLane();
    } finally {
      lock.unlock();
    }
    unwanted.forEach(
        item -> item.answer().completeExceptionally(new TimeoutException(name + ": too late")));
    return batch;
  }

  /** Waits for a signal. While items wait, one idle lane also waits for the time they are due. */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private void awaitChange() {
    boolean waitForDueTime = !timed && queue.hasDueTime();
    lanesIdle++;
    try {
      if (waitForDueTime) {
        timed = true;
        var _ = changed.awaitNanos(queue.dueNanos() - System.nanoTime());
      } else {
        changed.await();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("no thread interrupts a lane", e);
    } finally {
      lanesIdle--;
      if (waitForDueTime) {
        timed = false;
      }
    }
  }

  /** The number of items that wait for a place in a batch. */
  public int queued() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses new items and fails the waiting ones. Batches in flight end normally. */
  @Override
  public void close() {
    List<PendingItem<I, O>> waiting;
    lock.lock();
    try {
      closed = true;
      waiting = queue.removeAll();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    waiting.forEach(
        item -> item.answer().completeExceptionally(new OverloadedException(name + " is closed")));
  }
}
