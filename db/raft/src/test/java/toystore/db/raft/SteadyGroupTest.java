package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static toystore.db.raft.TestGroup.get;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;

/** Three members without any failure. */
@Timeout(60)
class SteadyGroupTest {
  @TempDir static Path directory;

  private static TestGroup group;

  @BeforeAll
  static void start() {
    group = TestGroup.of(directory, 3).startAll();
    group.awaitLeader(3);
  }

  @AfterAll
  static void stop() {
    group.close();
  }

  @Test
  @DisplayName("All members apply the submitted commands, and the submitter gets the results")
  void allMembersApplyAndTheSubmitterGetsResults() {
    BuiltinLog leader = group.awaitLeader(3).log();
    int before = group.member(3).ledger().size();
    List<CompletableFuture<ReplicatedLog.Applied>> submitted = new ArrayList<>();
    for (long id = 0; id < 200; id++) {
      submitted.add(leader.submit(TestLedger.command(1_000 + id, 0)));
    }
    long index = -1;
    for (int i = 0; i < submitted.size(); i++) {
      ReplicatedLog.Applied applied = get(submitted.get(i));
      assertThat(applied.result()).isEqualTo((long) before + i);
      assertThat(applied.index()).isGreaterThan(index);
      index = applied.index();
    }
    group.awaitAllEqual();
    assertThat(group.member(1).ledger().ids().subList(before, before + 200))
        .startsWith(1_000L)
        .endsWith(1_199L)
        .isSorted();
  }

  @Test
  @DisplayName("A follower rejects commands and names the leader")
  void followerRejectsCommandsAndNamesTheLeader() {
    int before = group.member(3).ledger().size();
    for (int follower : List.of(1, 2)) {
      assertThatThrownBy(() -> group.member(follower).log().submit(TestLedger.command(5, 0)).join())
          .isInstanceOf(CompletionException.class)
          .cause()
          .isInstanceOfSatisfying(
              NotLeaderException.class, e -> assertThat(e.leader()).isEqualTo("member-3"));
    }
    group.submit(6);
    group.awaitAllEqual();
    assertThat(group.member(3).ledger().size()).isEqualTo(before + 1);
  }

  @Test
  @DisplayName("After a barrier a follower has applied everything that was committed before it")
  void barrierOnAFollowerCoversEarlierCommits() {
    int before = group.member(3).ledger().size();
    for (int i = 1; i <= 40; i++) {
      group.submit(10_000 + i);
      TestGroup.Running follower = group.member(1 + i % 2);
      get(follower.log().barrier());
      assertThat(follower.ledger().size()).isGreaterThanOrEqualTo(before + i);
    }
  }
}
