package toystore.db.raft.core;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.Member;

/** A member that runs {@link Raft} in a simulation, with its log, its vote and its state. */
final class SimulatedMember {
  static final long MIN_TIMEOUT = 10;
  static final long MAX_TIMEOUT = 20;

  private final Member member;
  private final List<Member> group;
  private final Random random;
  private final LongSupplier clock;
  private final RaftSimulation.Mistake mistake;

  // Durable: survives a crash.
  private final InMemoryEntryLog log = new InMemoryEntryLog();
  private PersistentState vote = PersistentState.INITIAL;
  private LogPosition persisted = LogPosition.NONE;

  // Volatile: lost in a crash.
  private int incarnation;
  private Raft raft;
  private LogPosition applied = LogPosition.NONE;
  private @Nullable Runnable pendingConfirmation;

  // State of a candidate.
  private @Nullable RequestVote voteRequest;
  private final Set<String> votesFrom = new HashSet<>();

  // State of a leader.
  private long leaderTerm = -1;
  private final Map<SimulatedMember, Long> nextIndex = new HashMap<>();

  SimulatedMember(
      Member member,
      List<Member> group,
      Random random,
      LongSupplier clock,
      RaftSimulation.Mistake mistake) {
    this.member = member;
    this.group = group;
    this.random = random;
    this.clock = clock;
    this.mistake = mistake;
    this.raft = newRaft();
  }

  private Raft newRaft() {
    return new Raft(
        member,
        group,
        log,
        vote,
        v -> vote = v,
        new Raft.ElectionTimeout(
            MIN_TIMEOUT, () -> MIN_TIMEOUT + random.nextInt((int) (MAX_TIMEOUT - MIN_TIMEOUT) + 1)),
        persisted.index(),
        clock.getAsLong() + random.nextInt((int) MAX_TIMEOUT));
  }

  String name() {
    return member.name();
  }

  Raft raft() {
    return raft;
  }

  InMemoryEntryLog log() {
    return log;
  }

  /** How often this member has restarted. */
  int incarnation() {
    return incarnation;
  }

  /** The position up to which the state is durable. */
  LogPosition persisted() {
    return persisted;
  }

  boolean isLeader() {
    return raft.role() == Raft.Role.LEADER;
  }

  /** Ends the process, and restarts it with what was durable. */
  void crash() {
    incarnation++;
    if (mistake == RaftSimulation.Mistake.FORGETS_VOTES) {
      vote = new PersistentState(vote.term(), null);
    }
    log.crash(random);
    applied = persisted;
    // Like RaftLog.open: if the log conflicts with the state, it is replaced by an empty one.
    if (persisted.index() > log.lastIndex()
        || (persisted.index() >= log.base().index()
            && log.termAt(persisted.index()) != persisted.term())) {
      log.reset(persisted);
    }
    pendingConfirmation = null;
    leaderTerm = -1;
    voteRequest = null;
    raft = newRaft();
  }

  /** Whether a crash now would not lose the entry with this index and term. */
  boolean hasDurably(long index, long term) {
    return persisted.index() >= index
        || (log.synced() >= index && (index <= log.base().index() || log.termAt(index) == term));
  }

  void syncLog() {
    if (mistake == RaftSimulation.Mistake.COUNTS_OWN_LOG_BEFORE_SYNC) {
      raft.logSynced(log.lastIndex());
    } else {
      raft.logSynced(log.sync());
    }
  }

  /** Applies the entries that are committed, and durable in this member's own log. */
  void apply(SafetyChecker safety) {
    long end = Math.min(raft.commitIndex(), Math.max(log.synced(), applied.index()));
    while (applied.index() < end) {
      LogEntry entry = log.at(applied.index() + 1);
      safety.checkApplied(this, entry);
      applied = new LogPosition(entry.term(), entry.index());
    }
  }

  /** Makes the applied state durable. */
  void persist() {
    if (applied.index() > persisted.index()) {
      persisted = applied;
    }
  }

  /** Drops a random number of entries that the durable state contains. */
  void purgeLog() {
    long upTo = Math.min(persisted.index(), log.lastIndex());
    if (upTo > log.base().index()) {
      log.purge(upTo - random.nextInt((int) (upTo - log.base().index())));
    }
  }

  /** Replaces the state by that of another member, if that one is ahead. */
  void installFrom(SimulatedMember source) {
    LogPosition position = source.applied;
    if (position.index() > applied.index()) {
      persisted = position;
      applied = position;
      raft.stateInstalled(position);
    }
  }

  // Followers

  /**
   * Appends the entries of a request, and prepares the response. The response is sent by {@link
   * #confirm}. A member handles one request at a time and drops others.
   */
  void append(AppendEntries request, RaftSimulation.ResponseSender sender) {
    if (pendingConfirmation != null) {
      return;
    }
    AppendEntriesResponse response = raft.handleAppendEntries(request, clock.getAsLong());
    pendingConfirmation =
        () -> {
          long durable =
              mistake == RaftSimulation.Mistake.ACKNOWLEDGES_BEFORE_SYNC
                  ? log.lastIndex()
                  : log.sync();
          sender.send(raft.confirmDurable(request, response, durable));
        };
  }

  /** Syncs the log, and sends the response that is waiting for it. */
  void confirm() {
    Runnable confirmation = pendingConfirmation;
    if (confirmation != null) {
      pendingConfirmation = null;
      confirmation.run();
    }
  }

  // Candidates

  void startVote(RequestVote request) {
    votesFrom.clear();
    votesFrom.add(name());
    voteRequest = request;
  }

  void addVote(String voter) {
    votesFrom.add(voter);
  }

  /** Whether this is the latest request of this member, so that responses to it count. */
  boolean isLatestRequest(RequestVote request) {
    return request.equals(voteRequest);
  }

  boolean hasMajority() {
    return 2 * votesFrom.size() > group.size();
  }

  // Leaders

  void startLeading() {
    leaderTerm = raft.term();
    nextIndex.clear();
  }

  /** The last term in which this process was elected, or -1. */
  long leaderTerm() {
    return leaderTerm;
  }

  /** The index of the first entry in the next request to this follower. */
  long nextIndex(SimulatedMember follower) {
    return nextIndex.getOrDefault(follower, log.lastIndex() + 1);
  }

  void setNextIndex(SimulatedMember follower, long index) {
    nextIndex.put(follower, index);
  }
}
