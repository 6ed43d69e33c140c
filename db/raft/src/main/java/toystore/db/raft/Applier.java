package toystore.db.raft;

import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import toystore.db.log.IndeterminateException;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.core.LogEntry;

/**
 * Applies committed entries, in order and once each. Whoever made an entry committed applies it: to
 * wake a thread would cost more. Where the state is slow to take more, a thread of its own does it,
 * so that nobody waits who has to answer others.
 */
final class Applier {
  private static final System.Logger LOG = System.getLogger(Applier.class.getName());

  private record Waiting(long index, CompletableFuture<Void> until) {}

  private final RaftNode node;
  private final ReplicatedState state;
  private final int persistEvery;
  private final int preserve;
  private final ReentrantLock applying = new ReentrantLock();
  private final Thread thread;
  private final List<Waiting> waiting = new ArrayList<>();
  private volatile boolean someWait;
  private volatile long applied;
  private volatile boolean persisting;
  private volatile long persistedAt;
  private volatile boolean closed;

  /** An applier of a state that holds all up to this index. */
  Applier(RaftNode node, ReplicatedState state, long applied, LogSettings settings) {
    this.node = node;
    this.state = state;
    this.applied = applied;
    this.persistedAt = applied;
    this.persistEvery = settings.snapshotEntries();
    this.preserve = settings.preserveEntries();
    this.thread = Thread.ofPlatform().daemon().name("raft-apply").start(this::run);
  }

  long appliedIndex() {
    return applied;
  }

  /** Applies what is committed, or has it applied. */
  void advance() {
    if (state.isCrowded()) {
      LockSupport.unpark(thread);
    } else {
      apply();
    }
  }

  private void run() {
    try {
      while (!closed) {
        apply();
        LockSupport.park(this);
      }
    } catch (RuntimeException | Error e) {
      node.fail("nobody applies entries any more", e);
    }
  }

  private void apply() {
    // Who comes while another one applies leaves it to that one, which looks once more.
    while (!closed && node.isSound() && node.hasCommitted(applied + 1) && applying.tryLock()) {
      try {
        // It may have been closed since, and the state with it.
        if (closed) {
          return;
        }
        for (LogEntry entry : node.committedFrom(applied + 1)) {
          if (!apply(entry)) {
            return;
          }
        }
      } catch (UncheckedIOException e) {
        node.fail("the Raft log cannot be read", e);
        return;
      } finally {
        applying.unlock();
      }
      wakeWaiting();
      persistIfDue();
    }
  }

  /** False where that is impossible: this member cannot go on. */
  private boolean apply(LogEntry entry) {
    Object result = null;
    // Else it came with a state that was installed meanwhile.
    if (entry.index() > applied) {
      LogPosition position = new LogPosition(entry.term(), entry.index());
      try {
        if (entry.isEmpty()) {
          state.skip(position);
          result = position;
        } else {
          result = state.apply(position, entry.command());
        }
      } catch (RuntimeException | Error e) {
        node.fail("cannot apply entry " + entry.index(), e);
        return false;
      }
      advanceTo(entry.index());
    }
    CompletableFuture<BuiltinLog.Applied> waits = node.applied(entry.index());
    if (waits != null) {
      answer(waits, entry.index(), result);
    }
    return true;
  }

  private static void answer(
      CompletableFuture<BuiltinLog.Applied> waits, long index, @Nullable Object result) {
    if (result == null) {
      waits.completeExceptionally(
          new IndeterminateException("the entry was applied elsewhere", null));
    } else {
      waits.complete(new BuiltinLog.Applied(index, result));
    }
  }

  private synchronized void advanceTo(long index) {
    applied = Math.max(applied, index);
  }

  /** The state was replaced by one that holds all up to this index. */
  void installed(long index) {
    advanceTo(index);
  }

  /** Completes once this entry is applied here. */
  CompletableFuture<Void> applied(long index) {
    CompletableFuture<Void> until = new CompletableFuture<>();
    synchronized (waiting) {
      waiting.add(new Waiting(index, until));
      someWait = true;
    }
    wakeWaiting();
    return until;
  }

  /** Tells those who wait for what is applied by now. */
  void wakeWaiting() {
    if (!someWait) {
      return;
    }
    List<Waiting> over = new ArrayList<>();
    synchronized (waiting) {
      waiting.removeIf(w -> (w.index() <= applied || w.until().isDone()) && over.add(w));
      someWait = !waiting.isEmpty();
    }
    over.forEach(w -> w.until().complete(null));
  }

  /** What the state holds durably, the log need not. */
  private void persistIfDue() {
    if (persisting || applied - persistedAt < persistEvery) {
      return;
    }
    persisting = true;
    persistedAt = applied;
    state
        .persist()
        .whenComplete(
            (position, e) -> {
              if (e != null) {
                LOG.log(Level.WARNING, "the state could not be made durable", e);
              } else {
                node.purge(position.index() - preserve);
              }
              persisting = false;
            });
  }

  /** Applies what is committed, and then nothing any more. */
  void close() {
    apply();
    // Whoever applies ends first: the state may be closed after this.
    applying.lock();
    try {
      closed = true;
    } finally {
      applying.unlock();
    }
    LockSupport.unpark(thread);
  }
}
