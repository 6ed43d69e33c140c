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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogStatus;
import toystore.db.log.LogStorageException;

@Timeout(90)
class BuiltinLogTest {
  @TempDir Path directory;

  @Test
  void atAColdStartTheHighestIdLeads() {
    try (TestGroup group = TestGroup.of(directory, 3).startAll()) {
      group.awaitLeader(3);
      assertOnlyTheHighestLed(group);
      group.submit(1);
      group.awaitAllEqual();
      group.stopAll();

      // Now with logs and files that are there already.
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
  void aGroupOfOneWorksAndContinuesAfterARestart() {
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
  void aBarrierFailsWhereNoLeaderCanBeReached() {
    try (TestGroup group = TestGroup.of(directory, 3)) {
      group.start(1);
      CompletableFuture<Void> barrier = group.member(1).log().barrier();
      await().until(barrier::isDone);
      assertThat(barrier).isCompletedExceptionally();
    }
  }

  /** For a moment it still believes that it leads, and the log is quiet. */
  @Test
  void aLeaderThatHasLostTheOthersConfirmsNothing() {
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
  void theLeaderKnowsHowManyEntriesEachMemberLacks() {
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
      assertThat(group.member(2).log().status().lag()).as("a follower knows none").isEmpty();
      group.start(1);
      await()
          .until(
              () -> group.member(3).log().status().lag().values().stream().allMatch(l -> l == 0));
      group.awaitAllEqual();
    }
  }

  @Test
  void dataWithoutItsRaftDirectoryAreRefused() throws IOException {
    try (TestGroup group = TestGroup.of(directory, 1)) {
      group.start(1);
      group.submit(1);
      group.awaitAllEqual();
      group.stop(1);
      Path aside = group.raftDirectory(1).resolveSibling("aside");
      Files.move(group.raftDirectory(1), aside);
      assertThatThrownBy(() -> group.start(1))
          .isInstanceOf(LogStorageException.class)
          .hasMessageContaining("there is data up to (term ")
          .hasMessageContaining("no Raft log in " + group.raftDirectory(1))
          .hasMessageContaining("put the directory back");
      assertThat(group.raftDirectory(1)).as("nothing was made").doesNotExist();
      Files.move(aside, group.raftDirectory(1));
      group.start(1);
      group.awaitAllHave(List.of(1L));
    }
  }

  @Test
  void aPortInUseIsRefusedAndTheDirectoryStaysUsable() throws IOException {
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
  void aCommandThatCannotBeAppliedIsFatal() {
    try (TestGroup group = TestGroup.of(directory, 1).startAll()) {
      group.submit(1);
      TestGroup.Running member = group.member(1);
      member.log().submit(TestLedger.command(TestLedger.POISON, 0));
      await().until(() -> member.events().fatal().stream().anyMatch(f -> f.contains("planted")));
      assertThat(member.ledger().ids()).containsExactly(1L);
    }
  }

  /** Who is told of leadership may be slow, and a member that has failed is to halt now. */
  @Test
  void whatIsFatalIsToldAtOnceAlsoWhileAnEarlierEventIsBeingTold() {
    try (TestGroup group = TestGroup.of(directory, 1)) {
      CountDownLatch mayHear = group.holdUpEvents();
      TestGroup.Running member = group.start(1);
      group.awaitLeader(1);
      try {
        member.log().submit(TestLedger.command(TestLedger.POISON, 0));
        await().until(() -> !member.events().fatal().isEmpty());
        assertThat(member.events().timesLed()).isZero();
        assertThat(member.events().fatal()).singleElement().asString().contains("planted");
      } finally {
        mayHear.countDown();
      }
    }
  }

  @Test
  void anIdleGroupIsLedByTheNextHighestUntilTheHighestIsBack() {
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
