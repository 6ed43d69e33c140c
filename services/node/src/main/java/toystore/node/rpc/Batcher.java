package toystore.node.rpc;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import toystore.node.failure.OverloadedException;

/**
 * Group commit: while a batch is under way, what arrives forms the next one. A lone request waits
 * for nobody, and under load one call, one Raft entry and one fsync serve many.
 *
 * <p>With several lanes a further batch goes while others are under way, once it is as large as
 * those, or has waited for {@link #PATIENCE}. Else the answers of a large batch would bring its
 * clients' next requests back one by one, and a lane that is free would send each of them alone.
 * What comes as a batch already need not wait for that ({@link #sendAll}).
 *
 * @param <I> one request
 * @param <O> its answer
 */
public final class Batcher<I, O> implements AutoCloseable {
  /** Sends one batch and gives an answer for each of its items, in order. May block. */
  @FunctionalInterface
  public interface Send<I, O> {
    List<O> send(List<I> items) throws Exception;
  }

  private record Waiting<I, O>(I item, CompletableFuture<O> answer, long sinceNanos) {}

  private static final System.Logger LOG = System.getLogger(Batcher.class.getName());

  /** Longer than a batch takes that goes well, shorter than anyone notices. */
  private static final Duration PATIENCE = Duration.ofMillis(5);

  private final String name;
  private final int maxBatch;
  private final int maxQueued;
  private final int lanes;
  private final long patienceNanos;
  private final Predicate<I> wanted;
  private final Send<I, O> send;

  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<Waiting<I, O>> queue = new ArrayDeque<>();
  private final Condition work = lock.newCondition();
  private int lanesStarted;
  private int lanesIdle;

  /** Batches that are being sent, by lanes or by who asked, and the items in them. */
  private int batchesUnderWay;

  private int itemsUnderWay;

  /** An idle lane waits for the moment at which what waits has waited long enough. */
  private boolean watched;

  private boolean closed;

  /**
   * A batcher with a platform thread for each lane, started when it is first needed: a lane spends
   * its life in blocking calls, and a virtual thread takes two more switches for each of them.
   *
   * @param name for its threads
   * @param maxBatch most items of one batch
   * @param maxQueued most items that wait; more are refused at once rather than kept waiting
   * @param lanes most batches under way at a time: more than one where a slow batch must not hold
   *     up those behind it, exactly one where batches must not overtake each other
   */
  public Batcher(String name, int maxBatch, int maxQueued, int lanes, Send<I, O> send) {
    this(name, maxBatch, maxQueued, lanes, item -> true, send);
  }

  /**
   * As above, of items that may become superfluous while they wait: those are not sent, their
   * futures fail with a {@link TimeoutException}.
   *
   * @param wanted whether somebody still waits for this item's answer
   */
  public Batcher(
      String name, int maxBatch, int maxQueued, int lanes, Predicate<I> wanted, Send<I, O> send) {
    this(name, maxBatch, maxQueued, lanes, PATIENCE, wanted, send);
  }

  Batcher(
      String name,
      int maxBatch,
      int maxQueued,
      int lanes,
      Duration patience,
      Predicate<I> wanted,
      Send<I, O> send) {
    this.name = name;
    this.wanted = wanted;
    this.patienceNanos = patience.toNanos();
    this.maxBatch = maxBatch;
    this.maxQueued = maxQueued;
    this.lanes = lanes;
    this.send = send;
  }

  /** Puts an item into the next batch. The future fails with what sending it failed with. */
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
        } else if (queue.size() >= maxQueued) {
          answer.completeExceptionally(new OverloadedException("too many requests wait"));
        } else {
          queue.add(new Waiting<>(item, answer, now));
        }
      }
      wake();
    } finally {
      lock.unlock();
    }
    return answers;
  }

  /**
   * Like {@link #submitAll}, for a thread that has nothing to do but wait for the answers: where a
   * lane is free and nothing waits, it sends the items itself, as a batch of their own, and returns
   * when that is over. To wake a lane, and be woken by it, are two changes of thread.
   */
  public List<CompletableFuture<O>> sendAll(List<I> items) {
    lock.lock();
    try {
      if (items.isEmpty()
          || closed
          || !queue.isEmpty()
          || batchesUnderWay >= lanes
          || items.size() > maxBatch) {
        return submitAll(items);
      }
      begun(items.size());
    } finally {
      lock.unlock();
    }
    List<Waiting<I, O>> batch = new ArrayList<>(items.size());
    items.forEach(item -> batch.add(new Waiting<>(item, new CompletableFuture<>(), 0)));
    send(batch);
    lock.lock();
    try {
      wake();
    } finally {
      lock.unlock();
    }
    return batch.stream().map(Waiting::answer).toList();
  }

  /** Sees to it that a lane takes what waits, or watches how long it does. */
  private void wake() {
    if (queue.isEmpty()) {
      return;
    }
    if (lanesIdle > 0) {
      if (!watched || isDue(System.nanoTime())) {
        work.signal();
      }
    } else if (lanesStarted < lanes) {
      startLane();
    }
  }

  private void startLane() {
    try {
      Thread.ofPlatform().daemon().name(name + "-" + (lanesStarted + 1)).start(this::drain);
      lanesStarted++;
    } catch (OutOfMemoryError e) {
      // No memory for a thread. Lanes that there are go on; without any, nobody would come.
      LOG.log(Level.WARNING, name + " cannot have one more thread", e);
      if (lanesStarted == 0) {
        OverloadedException refusal = new OverloadedException(name + " has no thread");
        List<Waiting<I, O>> left = new ArrayList<>(queue);
        queue.clear();
        left.forEach(waiting -> waiting.answer().completeExceptionally(refusal));
      }
    }
  }

  /** One lane: sends batch after batch, and waits where there is none, until the end. */
  private void drain() {
    while (true) {
      List<Waiting<I, O>> batch = next();
      if (batch.isEmpty()) {
        return;
      }
      send(batch);
    }
  }

  private void send(List<Waiting<I, O>> batch) {
    try {
      List<O> answers = send.send(batch.stream().map(Waiting::item).toList());
      if (answers.size() != batch.size()) {
        throw new IllegalStateException(
            name + ": " + answers.size() + " answers to " + batch.size() + " requests");
      }
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).answer().complete(answers.get(i));
      }
    } catch (Exception | Error e) {
      batch.forEach(waiting -> waiting.answer().completeExceptionally(e));
    } finally {
      ended(batch.size());
    }
  }

  /** The next batch, as soon as one is due; none when the batcher is closed. */
  private List<Waiting<I, O>> next() {
    List<Waiting<I, O>> superfluous = new ArrayList<>();
    List<Waiting<I, O>> batch = new ArrayList<>();
    lock.lock();
    try {
      while (batch.isEmpty() && !closed) {
        if (isDue(System.nanoTime())) {
          take(batch, superfluous);
        } else {
          await();
        }
      }
      begun(batch.size());
      wake();
    } finally {
      lock.unlock();
    }
    superfluous.forEach(
        waiting ->
            waiting.answer().completeExceptionally(new TimeoutException(name + ": too late")));
    return batch;
  }

  private void take(List<Waiting<I, O>> batch, List<Waiting<I, O>> superfluous) {
    while (batch.size() < maxBatch && !queue.isEmpty()) {
      Waiting<I, O> first = queue.remove();
      (wanted.test(first.item()) ? batch : superfluous).add(first);
    }
  }

  /** Until something changes; while something waits, one lane also looks at the time. */
  @SuppressWarnings("WaitNotInLoop") // called in one
  private void await() {
    Waiting<I, O> first = queue.peek();
    boolean watch = first != null && !watched && batchesUnderWay < lanes;
    lanesIdle++;
    try {
      if (watch) {
        watched = true;
        var _ = work.awaitNanos(first.sinceNanos() + patienceNanos - System.nanoTime());
      } else {
        work.await();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts a lane", e);
    } finally {
      lanesIdle--;
      if (watch) {
        watched = false;
      }
    }
  }

  /** Whether the next batch should go now: see the class comment. */
  private boolean isDue(long now) {
    Waiting<I, O> first = queue.peek();
    return first != null
        && batchesUnderWay < lanes
        && (batchesUnderWay == 0
            || queue.size() >= maxBatch
            || (long) queue.size() * batchesUnderWay >= itemsUnderWay
            || now - first.sinceNanos() >= patienceNanos);
  }

  private void begun(int items) {
    batchesUnderWay++;
    itemsUnderWay += items;
  }

  private void ended(int items) {
    lock.lock();
    try {
      batchesUnderWay--;
      itemsUnderWay -= items;
    } finally {
      lock.unlock();
    }
  }

  /** How many items wait for a place in a batch. */
  public int queued() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses new items and fails those that wait; a batch under way ends by itself. */
  @Override
  public void close() {
    List<Waiting<I, O>> left;
    lock.lock();
    try {
      closed = true;
      left = new ArrayList<>(queue);
      queue.clear();
      work.signalAll();
    } finally {
      lock.unlock();
    }
    left.forEach(
        waiting ->
            waiting.answer().completeExceptionally(new OverloadedException(name + " is closed")));
  }
}
