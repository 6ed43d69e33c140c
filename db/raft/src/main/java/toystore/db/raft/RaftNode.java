package toystore.db.raft;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.db.log.IndeterminateException;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.core.AppendEntries;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.core.PersistentState;
import toystore.db.raft.core.Raft;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.log.VoteFile;
import toystore.db.raft.transport.CommitIndexResponse;
import toystore.db.raft.transport.InstallState;
import toystore.db.raft.transport.RaftTransport;
import toystore.db.raft.transport.TimeoutNow;

/**
 * A member at work: one {@link Raft} that decides, one {@link RaftLog}, and what carries out what
 * was decided. Its lock is held while something is decided or written to the log, and never while
 * something is synced, sent or applied.
 */
final class RaftNode implements RaftTransport.Answering, Closeable {
  private static final System.Logger LOG = System.getLogger(RaftNode.class.getName());

  /** How long another member's answer may take, whatever it has to write first. */
  private static final int TIMEOUT_MS = 1_000;

  /** Bytes of entries that are applied in one go. */
  private static final int AT_ONCE = 256 << 10;

  private final Member self;
  private final List<Member> members;
  private final LogSettings settings;
  private final LogListener listener;
  private final RaftLog log;
  private final RaftTransport sockets;
  private final Applier applier;
  private final StateTransfer installs;
  private final ElectionTimer elections;

  /** Held while {@link #raft} decides; who holds it takes no lock of this package but the log's. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Raft raft;

  /** One message with entries at a time, from its first look until its answer. */
  private final ReentrantLock appending = new ReentrantLock();

  /** While this member leads. */
  private volatile @Nullable LeaderState leadership;

  private @Nullable String knownLeader;

  /** What others are told, in order, with no lock held; its thread ends when there is nothing. */
  private final ThreadPoolExecutor events =
      new ThreadPoolExecutor(
          1,
          1,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("raft-events").factory());

  /** Tells a leader that its entries are being written, while they are. */
  private volatile @Nullable Runnable busy;

  private final AtomicBoolean failed = new AtomicBoolean();
  private volatile boolean closed;

  RaftNode(
      LogGroup group,
      VoteFile votes,
      PersistentState vote,
      RaftLog log,
      LogSettings settings,
      ReplicatedState state,
      LogListener listener) {
    this.self = group.self();
    this.members = group.members();
    this.settings = settings;
    this.listener = listener;
    this.log = log;
    long minNanos = settings.electionMin().toNanos();
    long maxNanos = settings.electionMax().toNanos();
    this.sockets = new RaftTransport(group.id(), self, TIMEOUT_MS, this);
    LogPosition recovered = state.recovered();
    this.raft =
        new Raft(
            self,
            members,
            log,
            vote,
            v -> write(votes, v),
            new Raft.Patience(
                minNanos, () -> ThreadLocalRandom.current().nextLong(minNanos, maxNanos + 1)),
            recovered.index(),
            System.nanoTime() + (members.size() == 1 ? 0 : settings.firstElection().toNanos()));
    this.applier = new Applier(this, state, Math.max(recovered.index(), -1), settings);
    this.installs = new StateTransfer(this, state);
    this.elections = new ElectionTimer(this, self, members, settings, sockets);
    events.allowCoreThreadTimeOut(true);
  }

  private void write(VoteFile votes, PersistentState vote) {
    requireOpen();
    votes.write(vote);
  }

  /** Whoever closed this member owns its files now. */
  private void requireOpen() {
    if (closed) {
      throw new UncheckedIOException(new IOException("this member is closed"));
    }
  }

  /** Takes part from here on. */
  void start() throws IOException {
    sockets.start();
    elections.start();
  }

  /** Decides something, with its consequences. */
  <T extends @Nullable Object> T decide(Supplier<T> decision) {
    lock.lock();
    try {
      T decided = decision.get();
      settle();
      return decided;
    } catch (UncheckedIOException e) {
      fail(e);
      throw e;
    } finally {
      lock.unlock();
    }
  }

  /** Looks at something that decisions change. */
  <T extends @Nullable Object> T locked(Supplier<T> look) {
    lock.lock();
    try {
      return look.get();
    } finally {
      lock.unlock();
    }
  }

  private void fail(UncheckedIOException e) {
    fail(String.valueOf(e.getMessage()), e.getCause());
  }

  /** To be called with the lock held, after anything that may have changed who leads. */
  private void settle() {
    LeaderState mine = leadership;
    boolean leads = raft.role() == Raft.Role.LEADER;
    if (mine != null && (!leads || raft.term() != mine.term())) {
      leave(mine);
      mine = null;
    }
    if (leads && mine == null && !closed) {
      LeaderState begins = new LeaderState(this, raft, log, others(), heartbeatNanos());
      leadership = begins;
      begins.start();
    }
    String leader = raft.leader();
    if (leader != null && !leader.equals(knownLeader)) {
      long term = raft.term();
      tell(() -> listener.leaderKnown(leader, term));
      installs.giveUpUnlessFrom(leader);
    }
    knownLeader = leader;
    if (raft.deadline() - System.nanoTime() <= 0) {
      elections.wake();
    }
  }

  private long heartbeatNanos() {
    return settings.electionMin().toNanos() / 2;
  }

  private List<Member> others() {
    return self.others(members);
  }

  private void leave(LeaderState mine) {
    leadership = null;
    if (mine.end()) {
      tell(listener::notLeading);
    }
  }

  /** Tells somebody else something, later and with no lock held. */
  void tell(Runnable event) {
    try {
      events.execute(event);
    } catch (RejectedExecutionException e) {
      // This member is closed: whoever still waits must be told nevertheless.
      event.run();
    }
  }

  /** This member cannot go on: from now on it acknowledges nothing. */
  void fail(String what, @Nullable Throwable cause) {
    if (closed || !failed.compareAndSet(false, true)) {
      return;
    }
    try {
      // Not behind other events: whoever is told of one may be slow.
      Thread.ofPlatform().daemon().name("raft-fatal").start(() -> listener.fatal(what, cause));
    } catch (OutOfMemoryError e) {
      // There is no thread to be had; a member that has failed must not go on unnoticed.
      listener.fatal(what, cause);
    }
    var _ =
        locked(
            () -> {
              LeaderState mine = leadership;
              if (mine != null) {
                mine.abandonPending();
              }
              return mine;
            });
  }

  /** What decides, unless this member has failed or is closed: then it acknowledges nothing. */
  private Raft sound() {
    requireOpen();
    if (failed.get()) {
      throw new UncheckedIOException(new IOException("this member takes part no more"));
    }
    return raft;
  }

  // Leading

  /** See {@link BuiltinLog#submit}. Returns when this member's own log has the entry. */
  CompletableFuture<BuiltinLog.Applied> submit(byte[] command) {
    LeaderState mine = leadership;
    CompletableFuture<BuiltinLog.Applied> answer;
    lock.lock();
    try {
      answer = mine == null || failed.get() || closed ? null : mine.propose(command);
    } catch (UncheckedIOException e) {
      fail(e);
      return CompletableFuture.failedFuture(
          new IndeterminateException("the entry may or may not be in the log", e));
    } finally {
      lock.unlock();
    }
    if (mine == null || answer == null) {
      return CompletableFuture.failedFuture(new NotLeaderException(otherLeader()));
    }
    mine.offer();
    syncOwn();
    return answer;
  }

  private @Nullable String otherLeader() {
    String leader = locked(raft::leader);
    return self.name().equals(leader) ? null : leader;
  }

  private void syncOwn() {
    try {
      var _ = log.sync();
      // What the log says now: it may have become another one since.
      var _ =
          decide(
              () -> {
                raft.synced(log.synced());
                return raft;
              });
      applier.advance();
    } catch (UncheckedIOException e) {
      fail(e);
    }
  }

  /** Applies what is committed, or has it applied. */
  void advance() {
    applier.advance();
  }

  // Following

  @Override
  public AppendEntriesResponse append(AppendEntries asked, Runnable stillHere) {
    appending.lock();
    try {
      busy = stillHere;
      AppendEntriesResponse answer = decide(() -> sound().append(asked, System.nanoTime()));
      var _ = log.sync();
      return decide(
          () -> {
            if (answer.term() == asked.term()) {
              raft.wasBusy(System.nanoTime());
            }
            return sound().confirm(asked, answer, log.synced());
          });
    } catch (UncheckedIOException e) {
      fail(e);
      throw e;
    } finally {
      busy = null;
      appending.unlock();
    }
  }

  @Override
  public void answered() {
    applier.advance();
  }

  @Override
  public AppendEntriesResponse begins(InstallState begins) {
    return decide(
        () -> {
          if (sound().lacks(begins.leader(), begins.term(), begins.first(), System.nanoTime())) {
            installs.begin(begins.leader());
          }
          return new AppendEntriesResponse(raft.term(), false, raft.commit());
        });
  }

  /** A state was installed, durably. */
  void installed(LogPosition position) {
    appending.lock();
    try {
      var _ =
          decide(
              () -> {
                sound().installed(position);
                applier.installed(position.index());
                return position;
              });
    } catch (UncheckedIOException e) {
      LOG.log(System.Logger.Level.WARNING, "an install came too late", e);
    } finally {
      appending.unlock();
    }
    applier.advance();
    applier.wakeWaiting();
  }

  // Elections

  @Override
  public RequestVoteResponse vote(RequestVote asked) {
    return decide(() -> sound().asked(asked, System.nanoTime()));
  }

  @Override
  public void succeed(TimeoutNow succeed) {
    boolean of =
        locked(() -> raft.term() == succeed.term() && succeed.leader().equals(raft.leader()));
    if (of) {
      elections.standNow();
    }
  }

  ElectionTimer elections() {
    return elections;
  }

  /** What others would be asked before standing. */
  RequestVote wouldYouVote() {
    return locked(raft::wouldYouVote);
  }

  /**
   * Stands for election.
   *
   * @param inTerm only if that is this member's term still
   * @return null if it may not: it has failed, heard of a leader, or leads
   */
  @Nullable RequestVote stand(long inTerm, boolean evenIfLed) {
    return decide(
        () -> {
          long now = System.nanoTime();
          return failed.get()
                  || closed
                  || raft.term() != inTerm
                  || raft.role() == Raft.Role.LEADER
                  || (!evenIfLed && raft.deadline() - now > 0)
              ? null
              : raft.stand(now);
        });
  }

  /**
   * An election, or the question whether to stand, has ended.
   *
   * @param won whether it was an election, and a majority is for this member
   */
  void ended(RequestVote asked, List<RequestVoteResponse> answers, boolean won) {
    boolean leads =
        decide(
            () -> {
              long now = System.nanoTime();
              answers.forEach(answer -> raft.observe(answer.term(), now));
              if (won) {
                raft.elected(asked.term(), now);
              } else {
                raft.failed(now);
              }
              return raft.role() == Raft.Role.LEADER;
            });
    LeaderState mine = leadership;
    if (leads && mine != null) {
      mine.offer();
      syncOwn();
    }
  }

  /**
   * One look at the clock.
   *
   * @param stoodStill this process did not run for a long time
   * @return nanoseconds until the next; none if this member is to stand for election now
   */
  long look(boolean stoodStill) {
    Runnable stillHere = busy;
    if (stillHere != null) {
      stillHere.run();
    }
    LeaderState mine = leadership;
    if (mine != null) {
      mine.look();
    }
    return decide(
        () -> {
          long now = System.nanoTime();
          if (raft.role() != Raft.Role.LEADER) {
            if (stillHere != null) {
              raft.wasBusy(now);
            }
            return Math.clamp(raft.deadline() - now, 0, heartbeatNanos());
          }
          if (members.size() > 1
              && (stoodStill || !raft.hearsMajority(now, settings.electionMax().toNanos()))) {
            LOG.log(
                System.Logger.Level.INFO, "{0} hears no majority and leads no more", self.name());
            raft.resign(now, now + settings.stepDownAfter().toNanos());
          }
          return heartbeatNanos();
        });
  }

  /** Gives leadership to a member; see {@link LeaderState#handOver}. */
  void handOver(Member to, long patienceNanos) throws IOException {
    LeaderState mine = leadership;
    if (mine != null) {
      mine.handOver(to, patienceNanos);
    }
  }

  // Applying

  /** Committed entries from this one on that may be applied: they are durable here. */
  List<LogEntry> committedFrom(long index) {
    return locked(
        () -> {
          long end = Math.min(raft.commit(), log.synced());
          // Where a state was installed meanwhile, the log begins after it.
          return index > end || index <= log.base().index()
              ? List.of()
              : log.entries(index, AT_ONCE).stream().filter(e -> e.index() <= end).toList();
        });
  }

  /** Whether there is something to apply. */
  boolean hasCommitted(long index) {
    return locked(() -> Math.min(raft.commit(), log.synced()) >= index);
  }

  /**
   * An entry was applied here.
   *
   * @return who waits for that
   */
  @Nullable CompletableFuture<BuiltinLog.Applied> applied(long index) {
    return locked(
        () -> {
          LeaderState mine = leadership;
          if (mine == null) {
            return null;
          }
          if (mine.becomesReady(index)) {
            tell(() -> listener.leading(mine.term()));
          }
          return mine.waitsFor(index);
        });
  }

  /** Drops what the state has made durable. */
  void purge(long upTo) {
    var _ =
        decide(
            () -> {
              if (!closed && !failed.get()) {
                log.purge(Math.min(upTo, raft.commit()));
              }
              return upTo;
            });
  }

  // Looking

  String name() {
    return self.name();
  }

  /** Whether this member leads and takes commands. */
  boolean leads() {
    LeaderState mine = leadership;
    return mine != null && mine.isReady();
  }

  /** The committed entries that a leader knows of; what it says of others is only asked for. */
  @Override
  public CommitIndexResponse committed() {
    return locked(
        () -> {
          LeaderState mine = leadership;
          if (mine != null) {
            mine.hurry();
          }
          return new CommitIndexResponse(raft.term(), leads(), raft.commit());
        });
  }

  /**
   * Asks the leader, and waits until that is applied here (Raft §8).
   *
   * @throws IOException if there is no leader, or it leads no more
   */
  CompletableFuture<Void> appliedAllCommitted() throws IOException {
    View view = view();
    if (leads() && members.size() == 1) {
      return applier.applied(view.commit());
    }
    Member leader = Member.named(view.leader(), others());
    if (leader == null) {
      throw new IOException("no leader is known");
    }
    CommitIndexResponse committed = sockets.committed(leader);
    if (!committed.leads() || committed.term() != view.term()) {
      throw new IOException(leader.name() + " leads no more");
    }
    return applier.applied(committed.commit());
  }

  /** What is known of a follower. */
  record Follower(long match, long silentMs) {}

  /** How this member sees its group. */
  record View(
      Raft.Role role,
      long term,
      @Nullable String leader,
      LogPosition end,
      long commit,
      Map<String, Follower> followers) {}

  View view() {
    return locked(
        () -> {
          LeaderState mine = leadership;
          return new View(
              raft.role(),
              raft.term(),
              raft.leader(),
              raft.end(),
              raft.commit(),
              mine == null ? Map.of() : mine.followers());
        });
  }

  long appliedIndex() {
    return applier.appliedIndex();
  }

  boolean isSound() {
    return !failed.get();
  }

  RaftTransport sockets() {
    return sockets;
  }

  /** Applies what is committed, then stops. */
  @Override
  public void close() throws IOException {
    elections.close();
    var _ =
        locked(
            () -> {
              long now = System.nanoTime();
              raft.resign(now, now + Long.MAX_VALUE / 2);
              closed = true;
              LeaderState mine = leadership;
              if (mine != null) {
                leave(mine);
              }
              return closed;
            });
    try {
      sockets.close();
    } finally {
      installs.close();
      applier.close();
      events.shutdown();
      appending.lock();
      lock.lock();
      try {
        log.close();
      } finally {
        lock.unlock();
        appending.unlock();
      }
    }
  }
}
