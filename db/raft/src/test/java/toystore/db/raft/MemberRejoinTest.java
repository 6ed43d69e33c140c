package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static toystore.db.raft.TestGroup.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogFiles;
import toystore.db.log.LogPosition;
import toystore.db.log.MemberRejoin;
import toystore.db.storage.Quarantine;

/** Members that have lost their vote, their log, or their data. */
@Timeout(90)
class MemberRejoinTest {
  private static final Duration LONG_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration SHORT_TIMEOUT = Duration.ofMillis(300);

  @TempDir Path directory;

  @Test
  @DisplayName("A member that lost all files rejoins, and cannot vote again in earlier terms")
  void memberWithoutFilesRejoinsWithoutAVote() throws IOException {
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
      assertThat(inspect(group, 1)).isEqualTo(new LogSummary(term, -1, -1));
      assertThat(vote(group, 1)).contains("votedFor=member-1");
      group.start(1);
      group.awaitAllEqual();
      group.submit(1_000);
      group.awaitAllEqual();
    }
  }

  @Test
  @DisplayName("A member that lost only its log keeps its data")
  void memberWithoutLogKeepsItsData() throws IOException {
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
   * Only members 1 and 3 have the acknowledged entry. If member 1 loses it and then takes part in
   * elections, members 1 and 2 can elect a leader that does not have the entry.
   */
  @Test
  @DisplayName(
      "A member that may have acknowledged a missing entry needs every other member to rejoin")
  void rejoinNeedsEveryOtherMember() throws IOException {
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

      assertThatThrownBy(
              () -> MemberRejoin.findRejoinPoint(group.asMember(1), group.peers(), SHORT_TIMEOUT))
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
  @DisplayName("Lost data that the log no longer holds are fetched from any other member")
  void lostDataAreFetchedFromAnyMember() throws IOException {
    try (TestGroup group = TestGroup.purging(directory, 3, 500).startAll()) {
      group.awaitLeader(3);
      group.submitMany(0, 2_500, 1_024);
      group.awaitPurged(1);
      group.awaitAllEqual();
      group.stop(1);
      loseData(group, 1);
      long first = ((LogSummary) inspect(group, 1)).firstIndex();
      assertThat(first).isPositive();

      try (TestLedger empty = group.openLedger(1)) {
        LogPosition reached =
            MemberRejoin.rebuild(group.asMember(1), empty, first - 1, LONG_TIMEOUT);
        assertThat(reached.index()).isGreaterThanOrEqualTo(first - 1);
      }

      group.start(1);
      group.awaitAllEqual();
      group.submit(9_000);
      group.awaitAllEqual();
    }
  }

  @Test
  @DisplayName("The only member of a group cannot rejoin")
  void onlyMemberCannotRejoin() {
    TestGroup group = TestGroup.of(directory, 1);
    assertThatThrownBy(
            () -> MemberRejoin.findRejoinPoint(group.asMember(1), group.peers(), SHORT_TIMEOUT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("only member");
  }

  private static LogPosition rejoin(TestGroup group, int member) throws IOException {
    MemberRejoin.RejoinPoint point =
        MemberRejoin.findRejoinPoint(group.asMember(member), group.peers(), LONG_TIMEOUT);
    try (TestLedger ledger = group.openLedger(member)) {
      return MemberRejoin.rejoin(
              TestGroup.ENGINE, group.asMember(member), group.raftDirectory(member), ledger, point)
          .reached();
    }
  }

  private static Object inspect(TestGroup group, int member) {
    return LogSummary.read(group, member);
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
