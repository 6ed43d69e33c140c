package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static toystore.db.raft.TestGroup.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogFiles;
import toystore.db.log.LogPosition;
import toystore.db.log.MemberRejoin;
import toystore.db.storage.Quarantine;

/** Members that have forgotten their votes, their log, or their data. */
@Timeout(90)
class MemberRejoinTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration AT_ONCE = Duration.ofMillis(300);

  @TempDir Path directory;

  @Test
  void aMemberThatForgotEverythingComesBackWithItsVotesUsedUp() throws IOException {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      group.submitMany(0, 50, 0);
      group.awaitAllEqual();
      group.stop(1);
      loseLog(group, 1);
      loseData(group, 1);
      group.submitMany(100, 50, 0);
      long term = group.awaitLeader().log().status().term();

      LogPosition reached = rejoin(group, 1);

      assertThat(reached.index()).isEqualTo(group.member(3).log().status().appliedIndex());
      assertThat(inspect(group, 1)).isEqualTo(new FoundLog(term, -1, -1));
      assertThat(vote(group, 1)).contains("votedFor=member-1");
      group.start(1);
      group.awaitAllEqual();
      group.submit(1_000);
      group.awaitAllEqual();
    }
  }

  @Test
  void aMemberThatLostOnlyItsLogKeepsItsData() throws IOException {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      group.submitMany(0, 50, 0);
      group.awaitAllEqual();
      group.stop(1);
      loseLog(group, 1);
      group.submit(100);

      var _ = rejoin(group, 1);

      group.start(1);
      group.awaitAllEqual();
      assertThat(group.member(1).ledger().size()).isEqualTo(51);
    }
  }

  /**
   * The acknowledged entry is on members 1 and 3 alone. If member 1 forgets it and takes part,
   * members 1 and 2 elect a leader without it.
   */
  @Test
  void aMemberThatMayHaveAcknowledgedWhatAnotherLacksWaitsForAllOthers() throws IOException {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      group.submit(1);
      group.awaitAllEqual();
      group.stop(2);
      group.submit(2);
      await().until(() -> group.member(1).ledger().size() == 2);
      group.stop(1);
      group.stop(3);
      loseLog(group, 1);
      loseData(group, 1);
      group.start(2);

      assertThatThrownBy(() -> MemberRejoin.askOthers(group.asMember(1), group.others(), AT_ONCE))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("member-3 does not answer");
      assertThat(inspect(group, 1)).isEqualTo(new LogFiles.Absent());

      group.start(3);
      group.awaitLeader(3);
      var _ = rejoin(group, 1);
      group.start(1);
      group.awaitAllEqual();
      assertThat(group.member(1).ledger().ids()).containsExactly(1L, 2L);
    }
  }

  @Test
  void dataThatTheLogNoLongerHoldsComeFromAnyMember() throws IOException {
    try (TestGroup group = TestGroup.purging(directory, 3, 500).startAll()) {
      group.awaitLeader(3);
      group.submitMany(0, 2_500, 1_024);
      group.awaitPurged(1);
      group.awaitAllEqual();
      group.stop(1);
      loseData(group, 1);
      long first = ((FoundLog) inspect(group, 1)).first();
      assertThat(first).isPositive();

      try (TestLedger empty = group.openLedger(1)) {
        LogPosition reached = MemberRejoin.rebuild(group.asMember(1), empty, first - 1, SOON);
        assertThat(reached.index()).isGreaterThanOrEqualTo(first - 1);
      }

      group.start(1);
      group.awaitAllEqual();
      group.submit(9_000);
      group.awaitAllEqual();
    }
  }

  @Test
  void anOnlyMemberHasNobodyToLearnFrom() {
    TestGroup group = TestGroup.of(directory, 1);
    assertThatThrownBy(() -> MemberRejoin.askOthers(group.asMember(1), group.others(), AT_ONCE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("only member");
  }

  private static LogPosition rejoin(TestGroup group, int member) throws IOException {
    MemberRejoin.Promise promise =
        MemberRejoin.askOthers(group.asMember(member), group.others(), SOON);
    try (TestLedger ledger = group.openLedger(member)) {
      return MemberRejoin.rejoin(
              TestGroup.ENGINE,
              group.asMember(member),
              group.raftDirectory(member),
              ledger,
              promise)
          .reached();
    }
  }

  private static Object inspect(TestGroup group, int member) {
    return FoundLog.in(group, member);
  }

  private static String vote(TestGroup group, int member) throws IOException {
    return Files.readString(
        group
            .raftDirectory(member)
            .resolve(group.id().toString())
            .resolve("current")
            .resolve("raft-meta"));
  }

  private static void loseLog(TestGroup group, int member) {
    assertThat(Quarantine.setAside(group.raftDirectory(member))).exists();
  }

  private static void loseData(TestGroup group, int member) {
    assertThat(Quarantine.setAside(group.home(member).resolve("ledger.mv.db"))).exists();
  }
}
