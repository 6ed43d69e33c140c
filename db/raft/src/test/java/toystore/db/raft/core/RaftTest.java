package toystore.db.raft.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import toystore.db.log.LogPosition;
import toystore.db.log.Member;

/** Single decisions of a member; what they come to together is {@link RaftProtocolTest}'s. */
class RaftTest {
  private static final long MIN = 100;
  private static final long PATIENCE = 150;
  private static final Member LOW = new Member("member-1", 1, "nowhere", 1);
  private static final Member MIDDLE = new Member("member-2", 2, "nowhere", 2);
  private static final Member HIGH = new Member("member-3", 3, "nowhere", 3);
  private static final LogPosition FAR = new LogPosition(9, 900);

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
        new Raft.Patience(MIN, () -> PATIENCE),
        -1,
        PATIENCE);
  }

  @BeforeEach
  void fill() {
    log.append(List.of(entry(1, 0), entry(1, 1), entry(2, 2), entry(2, 3), entry(3, 4)));
    raft = member(MIDDLE);
  }

  private static LogEntry entry(long term, long index) {
    return LogEntry.of(term, index, new byte[] {1});
  }

  private static AppendEntries append(
      long term, LogPosition before, long commit, LogEntry... entries) {
    return new AppendEntries(HIGH.name(), term, before, commit, List.of(entries));
  }

  private AppendEntriesResponse appendAndSync(AppendEntries append, long now) {
    AppendEntriesResponse answer = raft.append(append, now);
    return raft.confirm(append, answer, log.sync());
  }

  @Test
  void aVoteIsDurableBeforeItIsGivenAndOneInATerm() {
    RequestVote first = new RequestVote(LOW.name(), 7, FAR, true);
    assertThat(raft.asked(first, 0).granted()).isTrue();
    assertThat(votes).containsExactly(new PersistentState(7, LOW.name()));
    assertThat(raft.asked(first, 0).granted()).as("again").isTrue();
    assertThat(raft.asked(new RequestVote(HIGH.name(), 7, FAR, true), 0).granted()).isFalse();
    assertThat(votes).hasSize(1);
  }

  @Test
  void aShorterLogOrAnOlderLastTermGetsNoVote() {
    for (LogPosition less : List.of(new LogPosition(3, 3), new LogPosition(2, 900))) {
      assertThat(raft.asked(new RequestVote(LOW.name(), 7, less, true), 0).granted()).isFalse();
    }
    assertThat(raft.term()).isEqualTo(7);
  }

  @Test
  void whoHearsALeaderWouldVoteForNobody() {
    appendAndSync(append(3, log.end(), -1), 1_000);
    RequestVote would = new RequestVote(LOW.name(), 4, FAR, false);
    assertThat(raft.asked(would, 1_000 + MIN - 1).granted()).isFalse();
    assertThat(raft.asked(would, 1_000 + MIN).granted()).isTrue();
    assertThat(votes).isEmpty();
  }

  @Test
  void theBetterCandidateStandsItselfButOnlyOnceInVain() {
    RequestVote equal = new RequestVote(LOW.name(), 4, log.end(), false);
    assertThat(raft.asked(equal, 20).granted()).isFalse();
    assertThat(raft.deadline()).isEqualTo(20);

    raft.failed(20);
    assertThat(raft.deadline()).isEqualTo(20 + PATIENCE);
    assertThat(raft.asked(equal, 30).granted()).as("it may be cut off from others").isTrue();
    RequestVote higher = new RequestVote(HIGH.name(), 4, log.end(), false);
    assertThat(member(MIDDLE).asked(higher, 30).granted()).isTrue();
  }

  @Test
  void aRefusalGoesBackATermAtATimeAndNeverBehindWhatIsCommitted() {
    assertThat(appendAndSync(append(9, new LogPosition(8, 20), -1), 0))
        .isEqualTo(new AppendEntriesResponse(9, false, 4));
    assertThat(appendAndSync(append(9, new LogPosition(8, 4), -1), 0).index()).isEqualTo(3);
    assertThat(appendAndSync(append(9, new LogPosition(8, 3), -1), 0).index()).isEqualTo(1);
    assertThat(appendAndSync(append(9, new LogPosition(1, 0), 0), 0).taken()).isTrue();
    assertThat(appendAndSync(append(9, new LogPosition(8, 1), 0), 0).index()).isZero();
    assertThat(log.last()).as("nothing was cut off for a question").isEqualTo(4);
  }

  @Test
  void entriesReplaceOthersFromTheFirstThatDiffers() {
    AppendEntriesResponse answer =
        appendAndSync(append(9, new LogPosition(1, 0), -1, entry(1, 1), entry(8, 2)), 0);
    assertThat(answer).isEqualTo(new AppendEntriesResponse(9, true, 2));
    assertThat(log.end()).isEqualTo(new LogPosition(8, 2));

    // An old message that comes late cuts nothing off.
    appendAndSync(append(9, new LogPosition(1, 0), -1, entry(1, 1)), 0);
    assertThat(log.end()).isEqualTo(new LogPosition(8, 2));
  }

  @Test
  void whatIsNotDurableOrWasAskedInAnotherTermIsNotAcknowledged() {
    AppendEntries asked = append(9, log.end(), 5, entry(9, 5));
    AppendEntriesResponse answer = raft.append(asked, 0);
    assertThat(raft.confirm(asked, answer, 4).taken()).as("not synced").isFalse();
    assertThat(raft.commit()).isEqualTo(-1);

    raft.asked(new RequestVote(LOW.name(), 10, FAR, true), 0);
    assertThat(raft.confirm(asked, answer, log.sync()))
        .isEqualTo(new AppendEntriesResponse(10, false, 5));
  }

  @Test
  void aFollowerWhoseLogEndsWhereTheLeadersBeginsGetsTheEntries() {
    InMemoryEntryLog leaders = new InMemoryEntryLog();
    leaders.append(List.of(entry(1, 0), entry(1, 1), entry(2, 2), entry(2, 3), entry(3, 4)));
    leaders.append(List.of(entry(3, 5)));
    leaders.purge(4);
    Raft leader =
        new Raft(
            HIGH,
            List.of(LOW, MIDDLE, HIGH),
            leaders,
            new PersistentState(3, HIGH.name()),
            votes::add,
            new Raft.Patience(MIN, () -> PATIENCE),
            4,
            0);
    leader.stand(0);
    leader.elected(4, 0);

    AppendEntries append = leader.append(5, List.of(leaders.at(5), leaders.at(6)));
    assertThat(append.before()).isEqualTo(new LogPosition(3, 4));
    assertThat(appendAndSync(append, 0)).isEqualTo(new AppendEntriesResponse(4, true, 6));
    assertThat(raft.lacks(HIGH.name(), 4, 5, 0)).isFalse();
    assertThat(raft.lacks(HIGH.name(), 4, 6, 0)).isTrue();
  }

  @Test
  void aLeaderCommitsWhatOthersLeftOnlyWithAnEntryOfItsOwn() {
    raft.stand(0);
    raft.elected(raft.term(), 0);
    raft.synced(log.sync());
    raft.answered(HIGH.name(), new AppendEntriesResponse(raft.term(), true, 4), 0);
    assertThat(raft.commit()).isEqualTo(-1);
    raft.answered(HIGH.name(), new AppendEntriesResponse(raft.term(), true, 5), 0);
    assertThat(raft.commit()).isEqualTo(5);
  }

  @Test
  void aStateFromElsewhereKeepsALogThatHoldsItsEntryAndNoOther() {
    raft.installed(new LogPosition(2, 3));
    assertThat(log.last()).isEqualTo(4);
    assertThat(raft.commit()).isEqualTo(3);
    raft.installed(new LogPosition(7, 4));
    assertThat(log.base()).isEqualTo(new LogPosition(7, 4));
    assertThat(log.last()).isEqualTo(4);
  }
}
