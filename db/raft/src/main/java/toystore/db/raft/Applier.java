package toystore.db.raft;

import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import toystore.db.log.IndeterminateException;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.core.LogEntry;

/**
 * Applies committed entries in order, each once. The thread that caused an entry to be committed
 * applies it, because waking another thread takes longer. If applying may block, this class's own
 * thread does it, so that the threads that respond to other members do not wait.
 */
final class Applier {
  private static final System.Logger LOG = System.getLogger(Applier.class.getName());

  private final MemberState member;
  private final CommittedLog committed;
  private final ReplicatedState state;
  private final int persistEvery;
  private final int preserve;
  private final ReentrantLock applyLock = new ReentrantLock();
  private final Thread thread;
  private final AppliedIndexWaits waits = new AppliedIndexWaits();
  private volatile long appliedIndex;
  private volatile boolean persisting;
  private volatile long persistStartedAt;
  private volatile boolean closed;

  /**
   * Creates an applier and starts its thread.
   *
   * @param appliedIndex index of the last entry that the state contains
   */
  Applier(
      MemberState member,
      CommittedLog committed,
      ReplicatedState state,
      long appliedIndex,
      LogSettings settings) {
    this.member = member;
    this.committed = committed;
    this.state = state;
    this.appliedIndex = appliedIndex;
    this.persistStartedAt = appliedIndex;
    this.persistEvery = settings.snapshotEntries();
    this.preserve = settings.preserveEntries();
    this.thread = Thread.ofPlatform().daemon().name("raft-apply").start(this::run);
  }

  long appliedIndex() {
    return appliedIndex;
  }

  /** Applies the committed entries, on another thread if that may block. */
  void applyCommitted() {
    if (state.applyMayBlock()) {
      LockSupport.unpark(thread);
    } else {
      applyAll();
    }
  }

  private void run() {
    try {
      while (!closed) {
        applyAll();
        LockSupport.park(this);
      }
    } catch (RuntimeException | Error e) {
      member.fail("the thread that applies entries has died", e);
    }
  }

  private void applyAll() {
    // If another thread is applying, return; it checks again after it unlocks.
    while (!closed
        && !member.isFailed()
        && committed.contains(appliedIndex + 1)
        && applyLock.tryLock()) {
      try {
        // The applier may have been closed before the lock was taken, and the state with it.
        if (closed) {
          return;
        }
        for (LogEntry entry : committed.entriesFrom(appliedIndex + 1)) {
          if (!apply(entry)) {
            return;
          }
        }
      } catch (UncheckedIOException e) {
        member.fail("the Raft log cannot be read", e);
        return;
      } finally {
        applyLock.unlock();
      }
      waits.complete(appliedIndex);
      persistIfDue();
    }
  }

  /** Applies an entry; false if that failed and this member must halt. */
  private boolean apply(LogEntry entry) {
    Object result = null;
    // A lower index is part of a state that was installed after the entries were read.
    if (entry.index() > appliedIndex) {
      LogPosition position = new LogPosition(entry.term(), entry.index());
      try {
        if (entry.isEmpty()) {
          state.skip(position);
          result = position;
        } else {
          result = state.apply(position, entry.command());
        }
      } catch (RuntimeException | Error e) {
        member.fail("cannot apply entry " + entry.index(), e);
        return false;
      }
      advanceTo(entry.index());
    }
    CompletableFuture<ReplicatedLog.Applied> submission = removeSubmission(entry.index());
    if (submission != null) {
      complete(submission, entry.index(), result);
    }
    return true;
  }

  /** Reports an applied entry to the leader state; returns the submission of the entry, or null. */
  private @Nullable CompletableFuture<ReplicatedLog.Applied> removeSubmission(long index) {
    return member.read(
        () -> {
          LeaderState leader = member.leaderState();
          return leader == null ? null : leader.entryApplied(index);
        });
  }

  private static void complete(
      CompletableFuture<ReplicatedLog.Applied> submission, long index, @Nullable Object result) {
    if (result == null) {
      submission.completeExceptionally(
          new IndeterminateException("the entry was applied on another member", null));
    } else {
      submission.complete(new ReplicatedLog.Applied(index, result));
    }
  }

  private synchronized void advanceTo(long index) {
    appliedIndex = Math.max(appliedIndex, index);
  }

  /** The state was replaced by one that contains all entries up to this index. */
  void stateInstalled(long index) {
    advanceTo(index);
  }

  /** Returns a future that completes once the entry at this index is applied on this member. */
  CompletableFuture<Void> whenApplied(long index) {
    CompletableFuture<Void> future = waits.add(index);
    completeWaits();
    return future;
  }

  /** Completes the futures of {@link #whenApplied} for all entries applied by now. */
  void completeWaits() {
    waits.complete(appliedIndex);
  }

  /** Drops the entries that the state has made durable from the log, except the newest ones. */
  private void persistIfDue() {
    if (persisting || appliedIndex - persistStartedAt < persistEvery) {
      return;
    }
    persisting = true;
    persistStartedAt = appliedIndex;
    state
        .persist()
        .whenComplete(
            (position, e) -> {
              if (e != null) {
                LOG.log(Level.WARNING, "the state could not be made durable", e);
              } else {
                committed.purge(position.index() - preserve);
              }
              persisting = false;
            });
  }

  /** Applies the committed entries, and nothing afterwards. */
  void close() {
    applyAll();
    // Wait for a thread that is applying: the state may be closed after this method returns.
    applyLock.lock();
    try {
      closed = true;
    } finally {
      applyLock.unlock();
    }
    LockSupport.unpark(thread);
  }
}
