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
 * Raft (Ongaro & Ousterhout 2014) as one member decides it. It sends nothing, waits for nothing and
 * knows no threads: messages come in as arguments, answers go out as results, and whoever calls it
 * sees to it that one call ends before the next begins. What it says is durable, the vote and the
 * log, is so before its answer leaves.
 *
 * <p>The group never changes. Beyond the paper's figure 2: a pre-vote (Ongaro's thesis §9.6), a
 * member that knows itself to be the better candidate asks to be it, a refusal tells where logs may
 * still agree (§5.3, last paragraphs), and a state that a member got otherwise takes the place of a
 * snapshot (§7). {@code RaftProtocolTest} walks through what messages, crashes and time can do.
 *
 * <p>Times are of a monotonic clock, in nanoseconds.
 */
public final class Raft {
  public enum Role {
    FOLLOWER,
    CANDIDATE,
    LEADER
  }

  /** How long a follower bears silence; drawn anew each time. */
  public record Patience(long minNanos, LongSupplier drawNanos) {}

  /** What a leader knows of a follower. */
  private static final class Peer {
    private long match = -1;
    private long heardNanos;

    private Peer(long now) {
      heardNanos = now;
    }
  }

  private final Member self;
  private final Map<String, Member> others = new HashMap<>();
  private final EntryLog log;
  private final Consumer<PersistentState> votes;
  private final Patience patience;

  private long term;
  private @Nullable String votedFor;
  private Role role = Role.FOLLOWER;
  private @Nullable String leader;
  private long commit;
  private long deadline;
  private boolean heardLeader;
  private long heardNanos;
  private boolean triedInVain;
  private final Map<String, Peer> peers = new HashMap<>();
  private long durable;

  /** Index of this leader's first entry: what is before it is committed once this is. */
  private long firstOfTerm;

  /**
   * A member as it was when it stopped.
   *
   * @param votes makes a vote durable before it returns
   * @param committed what the state holds, which is committed
   * @param deadline until when it waits for a leader at first
   */
  public Raft(
      Member self,
      Collection<Member> members,
      EntryLog log,
      PersistentState vote,
      Consumer<PersistentState> votes,
      Patience patience,
      long committed,
      long deadline) {
    this.self = self;
    self.others(members).forEach(member -> others.put(member.name(), member));
    this.log = log;
    this.votes = votes;
    this.patience = patience;
    this.term = vote.term();
    this.votedFor = vote.votedFor();
    this.commit = Math.max(committed, log.base().index());
    this.durable = log.last();
    this.deadline = deadline;
  }

  public Role role() {
    return role;
  }

  public long term() {
    return term;
  }

  /** Who leads in this term, as far as this member knows. */
  public @Nullable String leader() {
    return leader;
  }

  public long commit() {
    return commit;
  }

  public LogPosition end() {
    return log.end();
  }

  public long firstOfTerm() {
    return firstOfTerm;
  }

  /** When this member stands for election unless it hears from a leader before. */
  public long deadline() {
    return deadline;
  }

  private void promise(long newTerm, @Nullable String newVote) {
    // First what must not be forgotten: where that fails, nothing has happened.
    votes.accept(new PersistentState(newTerm, newVote));
    term = newTerm;
    votedFor = newVote;
  }

  private void follow(@Nullable String newLeader, long now) {
    if (role == Role.LEADER) {
      deadline = now + patience.drawNanos().getAsLong();
    }
    role = Role.FOLLOWER;
    leader = newLeader;
  }

  /**
   * A term was heard of that is higher than this member's: whoever leads in an older one is past.
   */
  public void observe(long heardTerm, long now) {
    if (heardTerm > term) {
      promise(heardTerm, null);
      follow(null, now);
    }
  }

  /** A leader that may not lead any more, for its own reasons, stops; not to stand before then. */
  public void resign(long now, long notBefore) {
    follow(null, now);
    deadline = notBefore;
  }

  // Elections (§5.2, §5.4.1)

  /** What to ask others before standing, which binds nobody. */
  public RequestVote wouldYouVote() {
    return new RequestVote(self.name(), term + 1, log.end(), false);
  }

  /** Stands for election in the next term, with its own vote. */
  public RequestVote stand(long now) {
    promise(term + 1, self.name());
    role = Role.CANDIDATE;
    leader = null;
    deadline = now + patience.drawNanos().getAsLong();
    return new RequestVote(self.name(), term, log.end(), true);
  }

  /** An attempt to be elected came to nothing. */
  public void failed(long now) {
    if (role != Role.LEADER) {
      triedInVain = true;
      deadline = Math.max(deadline, now + patience.drawNanos().getAsLong());
    }
  }

  /** A majority, this member with it, voted for it in this term. */
  public void elected(long inTerm, long now) {
    if (role != Role.CANDIDATE || term != inTerm) {
      return;
    }
    role = Role.LEADER;
    leader = self.name();
    triedInVain = false;
    peers.clear();
    others.keySet().forEach(name -> peers.put(name, new Peer(now)));
    // Entries of earlier terms commit with the first of this one (§5.4.2).
    firstOfTerm = log.last() + 1;
    propose(new byte[0]);
  }

  /** Answers a candidate. */
  public RequestVoteResponse asked(RequestVote asked, long now) {
    Member candidate = others.get(asked.candidate());
    if (candidate == null) {
      return new RequestVoteResponse(term, false, log.end());
    }
    boolean upToDate = asked.last().compareTo(log.end()) >= 0;
    if (!asked.binding()) {
      return new RequestVoteResponse(term, wouldVote(candidate, asked, upToDate, now), log.end());
    }
    if (asked.term() < term) {
      return new RequestVoteResponse(term, false, log.end());
    }
    boolean free = asked.term() > term || votedFor == null || votedFor.equals(asked.candidate());
    boolean granted = free && upToDate;
    if (asked.term() > term) {
      promise(asked.term(), granted ? asked.candidate() : null);
      follow(null, now);
    } else if (granted && votedFor == null) {
      promise(term, asked.candidate());
    }
    if (granted) {
      deadline = now + patience.drawNanos().getAsLong();
    }
    return new RequestVoteResponse(term, granted, log.end());
  }

  private boolean wouldVote(Member candidate, RequestVote asked, boolean upToDate, long now) {
    boolean led = role == Role.LEADER || (heardLeader && now - heardNanos < patience.minNanos());
    if (led || asked.term() <= term) {
      return false;
    }
    boolean better = !upToDate || (asked.last().equals(log.end()) && self.id() > candidate.id());
    if (better && !triedInVain) {
      // The same votes would do for this member, which is to lead if it can: so it asks for them.
      deadline = now;
    }
    return upToDate && (!better || triedInVain);
  }

  // Replication (§5.3)

  /** Puts a command into this leader's log. It counts once it is {@linkplain #synced synced}. */
  public LogEntry propose(byte[] command) {
    if (role != Role.LEADER) {
      throw new IllegalStateException("only a leader proposes");
    }
    LogEntry entry = LogEntry.of(term, log.last() + 1, command);
    log.append(List.of(entry));
    return entry;
  }

  /** This member's own log is durable up to this index. */
  public void synced(long index) {
    durable = Math.min(index, log.last());
    if (role == Role.LEADER) {
      advance();
    }
  }

  /** What to send a follower whose next entry is this one; of the entries, the caller's choice. */
  public AppendEntries append(long next, List<LogEntry> entries) {
    return new AppendEntries(
        self.name(), term, new LogPosition(log.termAt(next - 1), next - 1), commit, entries);
  }

  /**
   * Takes a leader's entries. The answer may leave when this log is durable, and {@link #confirm}
   * has looked at it once more.
   */
  public AppendEntriesResponse append(AppendEntries asked, long now) {
    if (!hear(asked.leader(), asked.term(), now)) {
      return new AppendEntriesResponse(term, false, log.last());
    }
    LogPosition before = asked.before();
    // What is committed agrees with every leader's log (§5.4.3), whether it is here or not.
    if (before.index() > commit) {
      if (before.index() > log.last()) {
        return new AppendEntriesResponse(term, false, log.last());
      }
      if (log.termAt(before.index()) != before.term()) {
        return new AppendEntriesResponse(term, false, lastBeforeTermOf(before.index()));
      }
    }
    List<LogEntry> missing = new ArrayList<>();
    long matches = before.index();
    for (LogEntry entry : asked.entries()) {
      if (!missing.isEmpty()) {
        missing.add(entry);
      } else if (entry.index() > commit) {
        if (entry.index() <= log.last() && log.termAt(entry.index()) != entry.term()) {
          log.truncate(entry.index());
          durable = Math.min(durable, log.last());
        }
        if (entry.index() > log.last()) {
          missing.add(entry);
        }
      }
      matches = entry.index();
    }
    if (!missing.isEmpty()) {
      log.append(missing);
    }
    return new AppendEntriesResponse(term, true, matches);
  }

  private boolean hear(String from, long inTerm, long now) {
    observe(inTerm, now);
    if (inTerm < term || role == Role.LEADER) {
      return false;
    }
    role = Role.FOLLOWER;
    leader = from;
    heardLeader = true;
    heardNanos = now;
    triedInVain = false;
    deadline = now + patience.drawNanos().getAsLong();
    return true;
  }

  /** No entry of a term that is wrong here need be tried one by one. */
  private long lastBeforeTermOf(long index) {
    long wrong = log.termAt(index);
    long at = index - 1;
    while (at > commit && log.termAt(at) == wrong) {
      at--;
    }
    return at;
  }

  /**
   * The answer to a leader, now that this log is durable up to an index. Only what is durable may
   * be told to be there, and only in the term in which it was asked: in a later one it may be gone.
   */
  public AppendEntriesResponse confirm(
      AppendEntries asked, AppendEntriesResponse answer, long index) {
    durable = Math.max(durable, Math.min(index, log.last()));
    if (!answer.taken()) {
      return answer;
    }
    if (term != asked.term() || answer.index() > Math.max(durable, commit)) {
      return new AppendEntriesResponse(term, false, Math.min(answer.index(), durable));
    }
    commit = Math.max(commit, Math.min(asked.commit(), answer.index()));
    return answer;
  }

  /**
   * A leader says that its log begins only with this entry.
   *
   * @return whether this member has to get what lies before in another way
   */
  public boolean lacks(String from, long inTerm, long first, long now) {
    return hear(from, inTerm, now) && commit < first - 1;
  }

  /** The state was replaced by a later one, which is committed. */
  public void installed(LogPosition position) {
    if (position.index() <= commit) {
      return;
    }
    if (position.index() > log.last() || log.termAt(position.index()) != position.term()) {
      log.reset(position);
      durable = log.last();
    }
    commit = position.index();
  }

  /**
   * A follower has answered this leader.
   *
   * @return whether the answer is of this leadership
   */
  public boolean answered(String from, AppendEntriesResponse answer, long now) {
    observe(answer.term(), now);
    Peer peer = peers.get(from);
    if (role != Role.LEADER || peer == null || answer.term() != term) {
      return false;
    }
    peer.heardNanos = now;
    if (answer.taken()) {
      peer.match = Math.max(peer.match, answer.index());
      advance();
    }
    return true;
  }

  /** Commits what a majority has, if it is of this term: the rest of Raft §5.4.2's rule. */
  private void advance() {
    long[] matches = new long[peers.size() + 1];
    int i = 0;
    for (Peer peer : peers.values()) {
      matches[i++] = peer.match;
    }
    matches[i] = durable;
    java.util.Arrays.sort(matches);
    long majority = matches[(matches.length - 1) / 2];
    if (majority > commit && log.termAt(majority) == term) {
      commit = majority;
    }
  }

  /** Index up to which a follower's log is known to agree with this leader's. */
  public long match(String follower) {
    Peer peer = peers.get(follower);
    return peer == null ? -1 : peer.match;
  }

  /** A follower that has not answered yet is alive. */
  public void alive(String follower, long now) {
    Peer peer = peers.get(follower);
    if (peer != null) {
      peer.heardNanos = now;
    }
  }

  /** This member could not listen until now: that is no silence of its leader. */
  public void wasBusy(long now) {
    if (role == Role.FOLLOWER) {
      deadline = Math.max(deadline, now + patience.drawNanos().getAsLong());
    }
  }

  /** How long ago a follower answered this leader, in nanoseconds. */
  public long silence(String follower, long now) {
    Peer peer = peers.get(follower);
    return peer == null ? Long.MAX_VALUE : now - peer.heardNanos;
  }

  /** Whether a majority, this leader with it, has answered within this time. */
  public boolean hearsMajority(long now, long withinNanos) {
    long hears = 1 + peers.values().stream().filter(p -> now - p.heardNanos <= withinNanos).count();
    return 2 * hears > peers.size() + 1;
  }
}
