package toystore.db.raft;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogGroup;
import toystore.db.log.LogSettings;
import toystore.db.log.ReplicatedLog;
import toystore.db.raft.core.PersistentState;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.log.VoteFile;

/**
 * The protocol state of a member: its {@link Raft} under a lock, its {@link LeaderState} while it
 * leads, and whether it has failed or was closed.
 *
 * <p>The lock is held while a decision is made or the log is written, and never while the log is
 * synced, messages are sent or entries are applied. A thread that holds it takes no other lock of
 * this package but the log's.
 */
final class MemberState {
  /** What a decision may cause. All methods are called with the lock held and must not block. */
  interface Effects {
    /** Creates the state of a new leader, which is started afterwards. */
    LeaderState becomeLeader();

    void leaderChanged(String leader, long term);

    /** The election timeout may have passed. */
    void electionDue();
  }

  private final String name;
  private final Raft raft;
  private final ListenerNotifier notifier;
  private final Effects effects;
  private final ReentrantLock lock = new ReentrantLock();

  /** Not null while this member leads. */
  private volatile @Nullable LeaderState leaderState;

  private @Nullable String knownLeader;
  private final AtomicBoolean failed = new AtomicBoolean();
  private volatile boolean closed;

  /**
   * Creates the state of a member that has not started.
   *
   * @param appliedIndex index of the last entry that the replicated state contains
   */
  MemberState(
      LogGroup group,
      VoteFile voteFile,
      PersistentState persistent,
      RaftLog log,
      LogSettings settings,
      long appliedIndex,
      ListenerNotifier notifier,
      Effects effects) {
    this.name = group.self().name();
    this.notifier = notifier;
    this.effects = effects;
    long firstTimeout = group.members().size() == 1 ? 0 : settings.firstElectionTimeout().toNanos();
    this.raft =
        new Raft(
            group.self(),
            group.members(),
            log,
            persistent,
            changed -> write(voteFile, changed),
            electionTimeout(settings),
            appliedIndex,
            System.nanoTime() + firstTimeout);
  }

  private static Raft.ElectionTimeout electionTimeout(LogSettings settings) {
    long min = settings.electionTimeoutMin().toNanos();
    long max = settings.electionTimeoutMax().toNanos();
    return new Raft.ElectionTimeout(min, () -> ThreadLocalRandom.current().nextLong(min, max + 1));
  }

  private void write(VoteFile voteFile, PersistentState persistent) {
    requireOpen();
    voteFile.write(persistent);
  }

  /** After it was closed, a member must not touch its files: the next instance may use them. */
  private void requireOpen() {
    if (closed) {
      throw new UncheckedIOException(new IOException("this member is closed"));
    }
  }

  String name() {
    return name;
  }

  /** The state machine. Its methods may only be called under the lock of this object. */
  Raft raft() {
    return raft;
  }

  /** Makes a decision under the lock, and handles a change of role or leader that it causes. */
  <T extends @Nullable Object> T decide(Supplier<T> decision) {
    lock.lock();
    try {
      T decided = decision.get();
      handleRoleChange();
      return decided;
    } catch (UncheckedIOException e) {
      fail(e);
      throw e;
    } finally {
      lock.unlock();
    }
  }

  /** Like {@link #decide}, without a result. */
  void update(Runnable decision) {
    var _ =
        decide(
            () -> {
              decision.run();
              return raft;
            });
  }

  /** Runs an action under the lock. It must not cause a change of role or leader. */
  <T extends @Nullable Object> T read(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private void handleRoleChange() {
    LeaderState current = leaderState;
    boolean leads = raft.role() == Raft.Role.LEADER;
    if (current != null && (!leads || raft.term() != current.term())) {
      endLeadership(current);
      current = null;
    }
    if (leads && current == null && !closed) {
      LeaderState started = effects.becomeLeader();
      leaderState = started;
      started.start();
    }
    String leader = raft.leader();
    if (leader != null && !leader.equals(knownLeader)) {
      effects.leaderChanged(leader, raft.term());
    }
    knownLeader = leader;
    if (raft.electionDeadline() - System.nanoTime() <= 0) {
      effects.electionDue();
    }
  }

  private void endLeadership(LeaderState current) {
    leaderState = null;
    current.end();
  }

  /**
   * Appends a command to the log if this leader accepts it.
   *
   * @return null if it does not
   * @throws UncheckedIOException if the log cannot be written; the member has failed then
   */
  @Nullable CompletableFuture<ReplicatedLog.Applied> propose(LeaderState leader, byte[] command) {
    lock.lock();
    try {
      return isUsable() ? leader.propose(command) : null;
    } catch (UncheckedIOException e) {
      fail(e);
      throw e;
    } finally {
      lock.unlock();
    }
  }

  /** Marks this member as failed. It acknowledges nothing more. */
  void fail(UncheckedIOException e) {
    fail(String.valueOf(e.getMessage()), e.getCause());
  }

  /** Marks this member as failed. It acknowledges nothing more. */
  void fail(String what, @Nullable Throwable cause) {
    if (closed || !failed.compareAndSet(false, true)) {
      return;
    }
    notifier.fatal(what, cause);
    lock.lock();
    try {
      LeaderState current = leaderState;
      if (current != null) {
        current.failPending();
      }
    } finally {
      lock.unlock();
    }
  }

  boolean isFailed() {
    return failed.get();
  }

  boolean isUsable() {
    return !failed.get() && !closed;
  }

  /** The state machine, for a decision that another member will rely on. */
  Raft requireUsable() {
    requireOpen();
    if (failed.get()) {
      throw new UncheckedIOException(new IOException("this member has failed"));
    }
    return raft;
  }

  @Nullable LeaderState leaderState() {
    return leaderState;
  }

  /** Whether this member leads and accepts submissions. */
  boolean leads() {
    LeaderState current = leaderState;
    return current != null && current.isReady();
  }

  GroupView view() {
    return read(
        () -> {
          LeaderState current = leaderState;
          return new GroupView(
              raft.role(),
              raft.term(),
              raft.leader(),
              raft.lastLog(),
              raft.commitIndex(),
              current == null ? Map.of() : current.followers());
        });
  }

  /** Steps down for good. Later decisions cannot change files. */
  void close() {
    lock.lock();
    try {
      long now = System.nanoTime();
      raft.stepDown(now, now + Long.MAX_VALUE / 2);
      closed = true;
      LeaderState current = leaderState;
      if (current != null) {
        endLeadership(current);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Closes the log under the lock, because decisions write to it. */
  void closeLog(RaftLog log) throws IOException {
    lock.lock();
    try {
      log.close();
    } finally {
      lock.unlock();
    }
  }
}
