package toystore.db.raft.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.Member;

/**
 * The Raft state machine of one member (Ongaro & Ousterhout 2014). It only decides: it sends no
 * message, never waits and uses no thread. Requests are arguments and responses are return values.
 * The caller must make its calls one at a time. A term and a vote are durable when the method that
 * changed them returns. The caller must sync the log before it sends a response that depends on it.
 *
 * <p>The members of the group never change. This class goes beyond figure 2 of the paper in four
 * points. It uses pre-votes (Ongaro's thesis §9.6). A member that receives a pre-vote request and
 * is the better candidate starts an election itself. A rejected {@link AppendEntries} returns the
 * index up to which the logs may still agree (§5.3, last paragraphs). A state that was fetched from
 * another member replaces a snapshot (§7). {@code RaftProtocolTest} explores what messages, crashes
 * and clocks can do.
 *
 * <p>Times are readings of a monotonic clock, in nanoseconds.
 */
public final class Raft {
  public enum Role {
    FOLLOWER,
    CANDIDATE,
    LEADER
  }

  /**
   * How long a follower waits for its leader before it starts an election.
   *
   * @param minNanos the shortest timeout
   * @param randomNanos draws a timeout at random
   */
  public record ElectionTimeout(long minNanos, LongSupplier randomNanos) {}

  private final Member self;
  private final Map<String, Member> others = new HashMap<>();
  private final EntryLog log;
  private final Consumer<PersistentState> storage;
  private final ElectionTimeout electionTimeout;

  private long term;
  private @Nullable String votedFor;
  private Role role = Role.FOLLOWER;
  private @Nullable String leader;
  private long commitIndex;
  private long electionDeadline;
  private boolean heardFromLeader;
  private long lastLeaderContact;
  private boolean lastElectionFailed;
  private long durableIndex;

  /** State of a leader. */
  private final FollowerProgress followers = new FollowerProgress();

  private long firstIndexOfTerm;

  /**
   * Restores a member from its durable state.
   *
   * @param storage makes a term and a vote durable before it returns
   * @param committed index up to which the replicated state holds entries; these are committed
   * @param electionDeadline until when the member waits for a leader at first
   */
  public Raft(
      Member self,
      Collection<Member> members,
      EntryLog log,
      PersistentState persistent,
      Consumer<PersistentState> storage,
      ElectionTimeout electionTimeout,
      long committed,
      long electionDeadline) {
    this.self = self;
    self.others(members).forEach(member -> others.put(member.name(), member));
    this.log = log;
    this.storage = storage;
    this.electionTimeout = electionTimeout;
    this.term = persistent.term();
    this.votedFor = persistent.votedFor();
    this.commitIndex = Math.max(committed, log.base().index());
    this.durableIndex = log.lastIndex();
    this.electionDeadline = electionDeadline;
  }

  public Role role() {
    return role;
  }

  public long term() {
    return term;
  }

  /** The leader of the current term, or null if this member does not know it. */
  public @Nullable String leader() {
    return leader;
  }

  public long commitIndex() {
    return commitIndex;
  }

  public LogPosition lastLog() {
    return log.lastPosition();
  }

  /** Index of this leader's first entry. Once it is committed, so are all entries before it. */
  public long firstIndexOfTerm() {
    return firstIndexOfTerm;
  }

  /** When this member starts an election unless it hears from a leader before. */
  public long electionDeadline() {
    return electionDeadline;
  }

  private void persistTermAndVote(long newTerm, @Nullable String newVote) {
    // Storage first: if it fails, nothing has changed in memory.
    storage.accept(new PersistentState(newTerm, newVote));
    term = newTerm;
    votedFor = newVote;
  }

  private void becomeFollower(@Nullable String newLeader, long now) {
    if (role == Role.LEADER) {
      electionDeadline = now + electionTimeout.randomNanos().getAsLong();
    }
    role = Role.FOLLOWER;
    leader = newLeader;
  }

  /** Adopts a term that another member mentioned, if it is higher. A leader steps down then. */
  public void observeTerm(long otherTerm, long now) {
    if (otherTerm > term) {
      persistTermAndVote(otherTerm, null);
      becomeFollower(null, now);
    }
  }

  /** Stops leading. This member starts no election before {@code notBefore}. */
  public void stepDown(long now, long notBefore) {
    becomeFollower(null, now);
    electionDeadline = notBefore;
  }

  // Elections (§5.2, §5.4.1)

  /** The request to send before an election. It changes nothing in this member. */
  public RequestVote preVoteRequest() {
    return new RequestVote(self.name(), term + 1, log.lastPosition(), true);
  }

  /** Becomes a candidate in the next term and votes for itself. */
  public RequestVote startElection(long now) {
    persistTermAndVote(term + 1, self.name());
    role = Role.CANDIDATE;
    leader = null;
    electionDeadline = now + electionTimeout.randomNanos().getAsLong();
    return new RequestVote(self.name(), term, log.lastPosition(), false);
  }

  /** A pre-vote or an election of this member did not reach a majority. */
  public void electionFailed(long now) {
    if (role != Role.LEADER) {
      lastElectionFailed = true;
      electionDeadline =
          Math.max(electionDeadline, now + electionTimeout.randomNanos().getAsLong());
    }
  }

  /** A majority of the group, including this member, has voted for it in this term. */
  public void becomeLeader(long electedTerm, long now) {
    if (role != Role.CANDIDATE || term != electedTerm) {
      return;
    }
    role = Role.LEADER;
    leader = self.name();
    lastElectionFailed = false;
    followers.reset(others.keySet(), now);
    // Entries of earlier terms are committed together with the first entry of this term (§5.4.2).
    firstIndexOfTerm = log.lastIndex() + 1;
    propose(new byte[0]);
  }

  public RequestVoteResponse handleRequestVote(RequestVote request, long now) {
    Member candidate = others.get(request.candidate());
    if (candidate == null) {
      return voteResponse(false);
    }
    boolean upToDate = request.lastLog().compareTo(log.lastPosition()) >= 0;
    if (request.preVote()) {
      return voteResponse(grantPreVote(candidate, request, upToDate, now));
    }
    if (request.term() < term) {
      return voteResponse(false);
    }
    boolean free =
        request.term() > term || votedFor == null || votedFor.equals(request.candidate());
    boolean granted = free && upToDate;
    if (request.term() > term) {
      persistTermAndVote(request.term(), granted ? request.candidate() : null);
      becomeFollower(null, now);
    } else if (granted && votedFor == null) {
      persistTermAndVote(term, request.candidate());
    }
    if (granted) {
      electionDeadline = now + electionTimeout.randomNanos().getAsLong();
    }
    return voteResponse(granted);
  }

  private RequestVoteResponse voteResponse(boolean granted) {
    return new RequestVoteResponse(term, granted, log.lastPosition());
  }

  private boolean grantPreVote(Member candidate, RequestVote request, boolean upToDate, long now) {
    boolean hasLeader =
        role == Role.LEADER
            || (heardFromLeader && now - lastLeaderContact < electionTimeout.minNanos());
    if (hasLeader || request.term() <= term) {
      return false;
    }
    boolean better =
        !upToDate || (request.lastLog().equals(log.lastPosition()) && self.id() > candidate.id());
    if (better && !lastElectionFailed) {
      // The voters of this candidate would also vote for this member, which has priority.
      electionDeadline = now;
    }
    return upToDate && (!better || lastElectionFailed);
  }

  // Replication (§5.3)

  /**
   * Appends a command to this leader's log. The leader counts its own copy once {@link #logSynced}
   * reports it durable.
   */
  public LogEntry propose(byte[] command) {
    if (role != Role.LEADER) {
      throw new IllegalStateException("only a leader proposes");
    }
    LogEntry entry = LogEntry.of(term, log.lastIndex() + 1, command);
    log.append(List.of(entry));
    return entry;
  }

  /** This member's own log is durable up to this index. */
  public void logSynced(long index) {
    durableIndex = Math.min(index, log.lastIndex());
    if (role == Role.LEADER) {
      advanceCommitIndex();
    }
  }

  /**
   * The request for a follower whose next index is this one.
   *
   * @param entries the entries from that index on, as many as the caller wants to send
   */
  public AppendEntries appendEntriesFrom(long nextIndex, List<LogEntry> entries) {
    LogPosition prevLog = new LogPosition(log.termAt(nextIndex - 1), nextIndex - 1);
    return new AppendEntries(self.name(), term, prevLog, commitIndex, entries);
  }

  /**
   * Appends a leader's entries. The caller must sync the log and pass the response to {@link
   * #confirmDurable} before it sends it.
   */
  public AppendEntriesResponse handleAppendEntries(AppendEntries request, long now) {
    if (!acceptLeader(request.leader(), request.term(), now)) {
      return new AppendEntriesResponse(term, false, log.lastIndex());
    }
    LogPosition prevLog = request.prevLog();
    // A committed entry agrees with every leader's log (§5.4.3), even if it was dropped here.
    if (prevLog.index() > commitIndex) {
      if (prevLog.index() > log.lastIndex()) {
        return new AppendEntriesResponse(term, false, log.lastIndex());
      }
      if (log.termAt(prevLog.index()) != prevLog.term()) {
        return new AppendEntriesResponse(term, false, lastIndexBeforeTermAt(prevLog.index()));
      }
    }
    List<LogEntry> missing = removeConflictsAndFindMissing(request.entries());
    if (!missing.isEmpty()) {
      log.append(missing);
    }
    long matchIndex =
        request.entries().isEmpty() ? prevLog.index() : request.entries().getLast().index();
    return new AppendEntriesResponse(term, true, matchIndex);
  }

  private List<LogEntry> removeConflictsAndFindMissing(List<LogEntry> entries) {
    List<LogEntry> missing = new ArrayList<>();
    for (LogEntry entry : entries) {
      if (!missing.isEmpty()) {
        missing.add(entry);
      } else if (entry.index() > commitIndex) {
        if (entry.index() <= log.lastIndex() && log.termAt(entry.index()) != entry.term()) {
          log.truncateFrom(entry.index());
          durableIndex = Math.min(durableIndex, log.lastIndex());
        }
        if (entry.index() > log.lastIndex()) {
          missing.add(entry);
        }
      }
    }
    return missing;
  }

  /** Accepts the sender as the leader of its term; false if the sender's term is over. */
  private boolean acceptLeader(String sender, long senderTerm, long now) {
    observeTerm(senderTerm, now);
    if (senderTerm < term || role == Role.LEADER) {
      return false;
    }
    role = Role.FOLLOWER;
    leader = sender;
    heardFromLeader = true;
    lastLeaderContact = now;
    lastElectionFailed = false;
    electionDeadline = now + electionTimeout.randomNanos().getAsLong();
    return true;
  }

  /**
   * Skips a conflicting term as a whole, so that the leader need not try its entries one by one.
   */
  private long lastIndexBeforeTermAt(long index) {
    long conflicting = log.termAt(index);
    long last = index - 1;
    while (last > commitIndex && log.termAt(last) == conflicting) {
      last--;
    }
    return last;
  }

  /**
   * Confirms a response after the log was synced. A follower acknowledges only durable entries, and
   * only in the term of the request: in a later term they may have been removed.
   *
   * @param response what {@link #handleAppendEntries} returned for this request
   * @param syncedIndex index up to which this member's log is durable
   * @return the response to send
   */
  public AppendEntriesResponse confirmDurable(
      AppendEntries request, AppendEntriesResponse response, long syncedIndex) {
    durableIndex = Math.max(durableIndex, Math.min(syncedIndex, log.lastIndex()));
    if (!response.success()) {
      return response;
    }
    if (term != request.term() || response.matchIndex() > Math.max(durableIndex, commitIndex)) {
      return new AppendEntriesResponse(term, false, Math.min(response.matchIndex(), durableIndex));
    }
    commitIndex = Math.max(commitIndex, Math.min(request.leaderCommit(), response.matchIndex()));
    return response;
  }

  /**
   * Handles a leader's notice that its log starts at an index.
   *
   * @return whether this member needs entries before that index, and must fetch a state instead
   */
  public boolean handleInstallState(String sender, long senderTerm, long firstIndex, long now) {
    return acceptLeader(sender, senderTerm, now) && commitIndex < firstIndex - 1;
  }

  /** The replicated state was replaced by one at this position, which is committed. */
  public void stateInstalled(LogPosition position) {
    if (position.index() <= commitIndex) {
      return;
    }
    if (position.index() > log.lastIndex() || log.termAt(position.index()) != position.term()) {
      log.reset(position);
      durableIndex = log.lastIndex();
    }
    commitIndex = position.index();
  }

  /**
   * Handles a follower's response to this leader.
   *
   * @return whether the response belongs to the current term of this leader
   */
  public boolean handleAppendEntriesResponse(
      String follower, AppendEntriesResponse response, long now) {
    observeTerm(response.term(), now);
    if (role != Role.LEADER || !followers.isFollower(follower) || response.term() != term) {
      return false;
    }
    followers.recordContact(follower, now);
    if (response.success()) {
      followers.recordMatch(follower, response.matchIndex());
      advanceCommitIndex();
    }
    return true;
  }

  /** Commits what a majority has, provided that it is an entry of the current term (§5.4.2). */
  private void advanceCommitIndex() {
    long majority = followers.majorityIndex(durableIndex);
    if (majority > commitIndex && log.termAt(majority) == term) {
      commitIndex = majority;
    }
  }

  /** Index up to which a follower's log is known to match this leader's, or -1. */
  public long matchIndex(String follower) {
    return followers.matchIndex(follower);
  }

  /** A follower has reported that it is alive and still working on a request. */
  public void followerBusy(String follower, long now) {
    followers.recordContact(follower, now);
  }

  /** Restarts the election timeout of a follower that was too busy to receive its leader. */
  public void postponeElection(long now) {
    if (role == Role.FOLLOWER) {
      electionDeadline =
          Math.max(electionDeadline, now + electionTimeout.randomNanos().getAsLong());
    }
  }

  /** Time since a follower last responded to this leader. */
  public long nanosSinceContact(String follower, long now) {
    return followers.nanosSinceContact(follower, now);
  }

  /** Whether a majority of the group, including this leader, has responded within this time. */
  public boolean heardFromMajority(long now, long withinNanos) {
    return followers.heardFromMajority(now, withinNanos);
  }
}
