package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static toystore.db.raft.TestGroup.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogPosition;
import toystore.db.log.Member;

@Timeout(90)
class LeaderSuccessionTest {
  private static final Member LOW = new Member("member-1", 1, "127.0.0.1", 1);
  private static final Member HIGH = new Member("member-2", 2, "127.0.0.1", 2);
  private static final LogPosition LONG = new LogPosition(4, 12);
  private static final LogPosition SHORT = new LogPosition(4, 11);
  private static final LogPosition OLD_TERM = new LogPosition(3, 20);

  @TempDir Path directory;

  @Test
  @DisplayName("Whatever the logs of two members, exactly one of them starts an election")
  void exactlyOneMemberIsSuccessor() {
    for (LogPosition low : new LogPosition[] {LONG, SHORT, OLD_TERM}) {
      for (LogPosition high : new LogPosition[] {LONG, SHORT, OLD_TERM}) {
        boolean lowIsSuccessor = LeaderSuccession.isSuccessor(LOW, low, Map.of(HIGH, high), 3);
        boolean highIsSuccessor = LeaderSuccession.isSuccessor(HIGH, high, Map.of(LOW, low), 3);
        assertThat(lowIsSuccessor).as("%s, %s", low, high).isNotEqualTo(highIsSuccessor);
        assertThat(highIsSuccessor).isEqualTo(high.compareTo(low) >= 0);
      }
    }
  }

  @Test
  @DisplayName("A member that cannot win starts no election")
  void memberThatCannotWinStartsNoElection() {
    assertThat(LeaderSuccession.isSuccessor(HIGH, LONG, Map.of(), 3)).isFalse();
    assertThat(LeaderSuccession.isSuccessor(HIGH, LONG, Map.of(LOW, SHORT), 5)).isFalse();
  }

  /** The election timeout is 5 minutes, longer than the test may take. */
  @Test
  @DisplayName("After the end of the leader process the next leader is elected without a timeout")
  void nextLeaderIsElectedWithoutATimeout() {
    try (TestGroup group =
        TestGroup.withElectionTimeout(directory, 3, Duration.ofMinutes(5)).startAll()) {
      group.awaitLeader(3);
      group.submitMany(1, 20, 10);
      await()
          .until(
              () ->
                  group.member(1).log().isWatchingLeader()
                      && group.member(2).log().isWatchingLeader());
      group.stop(3);
      group.awaitLeader();
      group.submitMany(100, 20, 10);
      assertThat(group.timesLed()).isEqualTo(1);
    }
  }
}
