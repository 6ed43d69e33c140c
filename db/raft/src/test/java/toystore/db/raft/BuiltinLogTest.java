package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static toystore.db.raft.TestGroup.await;
import static toystore.db.raft.TestGroup.get;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogStatus;
import toystore.db.log.LogStorageException;

@Timeout(90)
class BuiltinLogTest {
  @TempDir Path directory;

  @Test
  @DisplayName("After a cold start the member with the highest id leads")
  void highestIdLeadsAfterAColdStart() {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      assertOnlyTheHighestLed(group);
      group.submit(1);
      group.awaitAllEqual();
      group.stopAll();

      // The second start uses the existing logs and files.
      group.startAll().awaitLeader(3);
      assertOnlyTheHighestLed(group);
      group.submit(2);
      group.awaitAllHave(List.of(1L, 2L));
    }
  }

  private static void assertOnlyTheHighestLed(TestGroup group) {
    assertThat(group.member(1).events().timesLed()).isZero();
    assertThat(group.member(2).events().timesLed()).isZero();
  }

  @Test
  @DisplayName("A group of one accepts commands and continues after a restart")
  void groupOfOneContinuesAfterARestart() {
    try (TestGroup group = TestGroup.of(directory, 1).startAll()) {
      assertThat(group.submit(7).result()).isEqualTo(0L);
      get(group.member(1).log().barrier());
      group.stop(1);
      group.start(1);
      assertThat(group.submit(8).result()).isEqualTo(1L);
      group.awaitAllHave(List.of(7L, 8L));
      LogStatus status = group.member(1).log().status();
      assertThat(status.leads()).isTrue();
      assertThat(status.leader()).isEqualTo("member-1");
      assertThat(status.lag()).isEmpty();
      assertThat(status.appliedIndex()).isEqualTo(status.commitIndex());
    }
  }

  @Test
  @DisplayName("A barrier fails if no leader can be reached")
  void barrierFailsWithoutALeader() {
    try (TestGroup group = TestGroup.of(directory, 3)) {
      group.start(1);
      CompletableFuture<Void> barrier = group.member(1).log().barrier();
      await().until(barrier::isDone);
      assertThat(barrier).isCompletedExceptionally();
    }
  }

  /** The leader has not yet noticed the loss, and no entry is being replicated. */
  @Test
  @DisplayName("A leader that has lost its followers confirms no barrier")
  void isolatedLeaderConfirmsNoBarrier() {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      BuiltinLog leader = group.awaitLeader(3).log();
      get(leader.barrier());
      get(leader.barrier());
      group.stop(1);
      group.stop(2);
      CompletableFuture<Void> barrier = leader.barrier();
      await().until(barrier::isDone);
      assertThat(barrier).isCompletedExceptionally();
    }
  }

  @Test
  @DisplayName("The leader reports how many entries each follower lacks")
  void leaderReportsTheLagOfEachFollower() {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      group.submit(0);
      group.awaitAllEqual();
      group.stop(1);
      for (int i = 1; i <= 40; i++) {
        group.submit(i);
      }
      await()
          .untilAsserted(
              () -> {
                LogStatus status = group.member(3).log().status();
                assertThat(status.lag()).containsOnlyKeys("member-1", "member-2");
                assertThat(status.lag().get("member-1")).isBetween(40L, 42L);
                assertThat(status.lag().get("member-2")).isZero();
              });
      assertThat(group.member(2).log().status().lag()).as("lag known to a follower").isEmpty();
      group.start(1);
      await()
          .until(
              () -> group.member(3).log().status().lag().values().stream().allMatch(l -> l == 0));
      group.awaitAllEqual();
    }
  }

  @Test
  @DisplayName("A member that has data but no Raft directory is not started")
  void dataWithoutRaftDirectoryAreRejected() throws IOException {
    try (TestGroup group = TestGroup.of(directory, 1)) {
      group.start(1);
      group.submit(1);
      group.awaitAllEqual();
      group.stop(1);
      Path moved = group.raftDirectory(1).resolveSibling("moved");
      Files.move(group.raftDirectory(1), moved);
      assertThatThrownBy(() -> group.start(1))
          .isInstanceOf(LogStorageException.class)
          .hasMessageContaining("there is data up to (term ")
          .hasMessageContaining("no Raft log in " + group.raftDirectory(1))
          .hasMessageContaining("restore the directory");
      assertThat(group.raftDirectory(1)).as("Raft directory after the failed start").doesNotExist();
      Files.move(moved, group.raftDirectory(1));
      group.start(1);
      group.awaitAllHave(List.of(1L));
    }
  }

  @Test
  @DisplayName("If the port is in use, the start fails and the directory stays usable")
  void portInUseLeavesTheDirectoryUsable() throws IOException {
    try (TestGroup group = TestGroup.of(directory, 1)) {
      try (ServerSocket taken =
          new ServerSocket(group.port(1), 1, InetAddress.getLoopbackAddress())) {
        assertThat(taken.isBound()).isTrue();
        assertThatThrownBy(() -> group.start(1))
            .isInstanceOf(LogStorageException.class)
            .hasMessageContaining("cannot be started");
      }
      group.start(1);
      group.submit(1);
      group.awaitAllHave(List.of(1L));
    }
  }

  @Test
  @DisplayName("A command that cannot be applied is fatal")
  void commandThatCannotBeAppliedIsFatal() {
    try (TestGroup group = TestGroup.of(directory, 1).startAll()) {
      group.submit(1);
      TestGroup.Running member = group.member(1);
      member.log().submit(TestLedger.command(TestLedger.POISON, 0));
      await().until(() -> member.events().fatal().stream().anyMatch(f -> f.contains("planted")));
      assertThat(member.ledger().ids()).containsExactly(1L);
    }
  }

  /**
   * A listener may handle the start of leadership slowly, but a failed member must halt at once.
   */
  @Test
  @DisplayName("A fatal event is delivered while the listener still handles an earlier event")
  void fatalEventIsNotDelayedByASlowListener() {
    try (TestGroup group = TestGroup.of(directory, 1)) {
      CountDownLatch leadershipGate = group.blockLeadershipEvents();
      TestGroup.Running member = group.start(1);
      group.awaitLeader(1);
      try {
        member.log().submit(TestLedger.command(TestLedger.POISON, 0));
        await().until(() -> !member.events().fatal().isEmpty());
        assertThat(member.events().timesLed()).isZero();
        assertThat(member.events().fatal()).singleElement().asString().contains("planted");
      } finally {
        leadershipGate.countDown();
      }
    }
  }

  @Test
  @DisplayName("In an idle group the next highest id leads until the highest one returns")
  void nextHighestIdLeadsUntilTheHighestReturns() {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      group.submit(1);
      group.stop(3);
      group.awaitLeader(2);
      group.submit(2);
      int before = group.timesLed();
      group.start(3);
      group.awaitLeader(3);
      assertThat(group.member(3).ledger().ids()).containsExactly(1L, 2L);
      await()
          .during(Duration.ofSeconds(2))
          .until(() -> group.member(3).log().leads() && group.timesLed() == before + 1);
      group.awaitAllHave(List.of(1L, 2L));
    }
  }
}
