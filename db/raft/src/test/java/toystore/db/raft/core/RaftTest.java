package toystore.db.raft.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.db.log.LogPosition;
import toystore.db.log.Member;

/** Tests single decisions of a member. {@link RaftProtocolTest} tests whole groups. */
class RaftTest {
  private static final long MIN_TIMEOUT = 100;
  private static final long TIMEOUT = 150;
  private static final Member LOW = new Member("member-1", 1, "nowhere", 1);
  private static final Member MIDDLE = new Member("member-2", 2, "nowhere", 2);
  private static final Member HIGH = new Member("member-3", 3, "nowhere", 3);
  private static final LogPosition LONGER_LOG = new LogPosition(9, 900);

  private final InMemoryEntryLog log = new InMemoryEntryLog();
  private final List<PersistentState> votes = new ArrayList<>();
  private Raft raft = member(MIDDLE);

  private Raft member(Member self) {
    return new Raft(
        self,
        List.of(LOW, MIDDLE, HIGH),
        log,
        new PersistentState(3, null),
        votes::add,
        new Raft.ElectionTimeout(MIN_TIMEOUT, () -> TIMEOUT),
        -1,
        TIMEOUT);
  }

  @BeforeEach
  void fillLog() {
    log.append(List.of(entry(1, 0), entry(1, 1), entry(2, 2), entry(2, 3), entry(3, 4)));
    raft = member(MIDDLE);
  }

  private static LogEntry entry(long term, long index) {
    return LogEntry.of(term, index, new byte[] {1});
  }

  private static AppendEntries append(
      long term, LogPosition prevLog, long leaderCommit, LogEntry... entries) {
    return new AppendEntries(HIGH.name(), term, prevLog, leaderCommit, List.of(entries));
  }

  private AppendEntriesResponse appendAndSync(AppendEntries append, long now) {
    AppendEntriesResponse response = raft.handleAppendEntries(append, now);
    return raft.confirmDurable(append, response, log.sync());
  }

  @Test
  @DisplayName("A vote is durable before it is granted, and a member votes once per term")
  void voteIsDurableAndGivenOncePerTerm() {
    RequestVote first = new RequestVote(LOW.name(), 7, LONGER_LOG, false);
    assertThat(raft.handleRequestVote(first, 0).voteGranted()).isTrue();
    assertThat(votes).containsExactly(new PersistentState(7, LOW.name()));
    assertThat(raft.handleRequestVote(first, 0).voteGranted()).as("again").isTrue();
    assertThat(
            raft.handleRequestVote(new RequestVote(HIGH.name(), 7, LONGER_LOG, false), 0)
                .voteGranted())
        .isFalse();
    assertThat(votes).hasSize(1);
  }

  @Test
  @DisplayName("A candidate with a shorter log or an older last term gets no vote")
  void candidateWithOutdatedLogGetsNoVote() {
    for (LogPosition outdated : List.of(new LogPosition(3, 3), new LogPosition(2, 900))) {
      assertThat(
              raft.handleRequestVote(new RequestVote(LOW.name(), 7, outdated, false), 0)
                  .voteGranted())
          .isFalse();
    }
    assertThat(raft.term()).isEqualTo(7);
  }

  @Test
  @DisplayName("A member that hears from a leader rejects pre-votes")
  void preVoteIsRejectedWhileALeaderIsHeard() {
    appendAndSync(append(3, log.lastPosition(), -1), 1_000);
    RequestVote preVote = new RequestVote(LOW.name(), 4, LONGER_LOG, true);
    assertThat(raft.handleRequestVote(preVote, 1_000 + MIN_TIMEOUT - 1).voteGranted()).isFalse();
    assertThat(raft.handleRequestVote(preVote, 1_000 + MIN_TIMEOUT).voteGranted()).isTrue();
    assertThat(votes).isEmpty();
  }

  @Test
  @DisplayName("A better candidate starts an election itself, but only once without success")
  void betterCandidateStartsAnElectionItselfOnce() {
    RequestVote equal = new RequestVote(LOW.name(), 4, log.lastPosition(), true);
    assertThat(raft.handleRequestVote(equal, 20).voteGranted()).isFalse();
    assertThat(raft.electionDeadline()).isEqualTo(20);

    raft.electionFailed(20);
    assertThat(raft.electionDeadline()).isEqualTo(20 + TIMEOUT);
    assertThat(raft.handleRequestVote(equal, 30).voteGranted())
        .as("after the member's own election failed")
        .isTrue();
    RequestVote higher = new RequestVote(HIGH.name(), 4, log.lastPosition(), true);
    assertThat(member(MIDDLE).handleRequestVote(higher, 30).voteGranted()).isTrue();
  }

  @Test
  @DisplayName("A rejection skips one conflicting term at a time, and never a committed entry")
  void rejectionSkipsOneTermAndNoCommittedEntry() {
    assertThat(appendAndSync(append(9, new LogPosition(8, 20), -1), 0))
        .isEqualTo(new AppendEntriesResponse(9, false, 4));
    assertThat(appendAndSync(append(9, new LogPosition(8, 4), -1), 0).matchIndex()).isEqualTo(3);
    assertThat(appendAndSync(append(9, new LogPosition(8, 3), -1), 0).matchIndex()).isEqualTo(1);
    assertThat(appendAndSync(append(9, new LogPosition(1, 0), 0), 0).success()).isTrue();
    assertThat(appendAndSync(append(9, new LogPosition(8, 1), 0), 0).matchIndex()).isZero();
    assertThat(log.lastIndex()).as("last index after the rejections").isEqualTo(4);
  }

  @Test
  @DisplayName("New entries replace existing ones from the first conflict")
  void entriesReplaceConflictingOnes() {
    AppendEntriesResponse response =
        appendAndSync(append(9, new LogPosition(1, 0), -1, entry(1, 1), entry(8, 2)), 0);
    assertThat(response).isEqualTo(new AppendEntriesResponse(9, true, 2));
    assertThat(log.lastPosition()).isEqualTo(new LogPosition(8, 2));

    // An old message that arrives late truncates nothing.
    appendAndSync(append(9, new LogPosition(1, 0), -1, entry(1, 1)), 0);
    assertThat(log.lastPosition()).isEqualTo(new LogPosition(8, 2));
  }

  @Test
  @DisplayName("A follower acknowledges only durable entries, and only in the term of the request")
  void onlyDurableEntriesOfTheTermAreAcknowledged() {
    AppendEntries request = append(9, log.lastPosition(), 5, entry(9, 5));
    AppendEntriesResponse response = raft.handleAppendEntries(request, 0);
    assertThat(raft.confirmDurable(request, response, 4).success()).as("not synced").isFalse();
    assertThat(raft.commitIndex()).isEqualTo(-1);

    raft.handleRequestVote(new RequestVote(LOW.name(), 10, LONGER_LOG, false), 0);
    assertThat(raft.confirmDurable(request, response, log.sync()))
        .isEqualTo(new AppendEntriesResponse(10, false, 5));
  }

  @Test
  @DisplayName("A follower whose log ends where the leader's begins gets the entries")
  void followerThatEndsAtTheLeadersBaseGetsEntries() {
    InMemoryEntryLog leaderLog = new InMemoryEntryLog();
    leaderLog.append(List.of(entry(1, 0), entry(1, 1), entry(2, 2), entry(2, 3), entry(3, 4)));
    leaderLog.append(List.of(entry(3, 5)));
    leaderLog.purge(4);
    Raft leader =
        new Raft(
            HIGH,
            List.of(LOW, MIDDLE, HIGH),
            leaderLog,
            new PersistentState(3, HIGH.name()),
            votes::add,
            new Raft.ElectionTimeout(MIN_TIMEOUT, () -> TIMEOUT),
            4,
            0);
    leader.startElection(0);
    leader.becomeLeader(4, 0);

    AppendEntries append = leader.appendEntriesFrom(5, List.of(leaderLog.at(5), leaderLog.at(6)));
    assertThat(append.prevLog()).isEqualTo(new LogPosition(3, 4));
    assertThat(appendAndSync(append, 0)).isEqualTo(new AppendEntriesResponse(4, true, 6));
    assertThat(raft.handleInstallState(HIGH.name(), 4, 5, 0)).isFalse();
    assertThat(raft.handleInstallState(HIGH.name(), 4, 6, 0)).isTrue();
  }

  @Test
  @DisplayName("A leader commits entries of earlier terms only together with one of its own term")
  void earlierTermsCommitOnlyWithAnEntryOfThisTerm() {
    raft.startElection(0);
    raft.becomeLeader(raft.term(), 0);
    raft.logSynced(log.sync());
    raft.handleAppendEntriesResponse(
        HIGH.name(), new AppendEntriesResponse(raft.term(), true, 4), 0);
    assertThat(raft.commitIndex()).isEqualTo(-1);
    raft.handleAppendEntriesResponse(
        HIGH.name(), new AppendEntriesResponse(raft.term(), true, 5), 0);
    assertThat(raft.commitIndex()).isEqualTo(5);
  }

  @Test
  @DisplayName("An installed state keeps the log only if it holds the same entry")
  void installedStateKeepsOnlyAnAgreeingLog() {
    raft.stateInstalled(new LogPosition(2, 3));
    assertThat(log.lastIndex()).isEqualTo(4);
    assertThat(raft.commitIndex()).isEqualTo(3);
    raft.stateInstalled(new LogPosition(7, 4));
    assertThat(log.base()).isEqualTo(new LogPosition(7, 4));
    assertThat(log.lastIndex()).isEqualTo(4);
  }
}
