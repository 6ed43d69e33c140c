package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static toystore.db.raft.TestGroup.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogStorageException;

/** Members that return when the log no longer holds what they missed. */
@Timeout(90)
class MissedEntriesTest {
  private static final int MANY = 4_000;
  private static final int KIB = 1_024;

  @TempDir Path directory;

  @Test
  void aMemberBehindTheLogsStartInstallsWhatItMissed() {
    try (TestGroup group = withMemberOneBehindTheLog()) {
      group.start(1);
      // The group stays idle until it has caught up.
      awaitCaughtUp(group);
      assertThat(group.member(1).ledger().installs()).isPositive();
      group.submit(MANY + 1);
      group.awaitAllEqual();
      assertThat(group.member(1).ledger().size()).isGreaterThanOrEqualTo(MANY + 2);

      // Its own log goes on from what was installed.
      group.stop(1);
      group.submit(MANY + 2);
      group.start(1);
      awaitCaughtUp(group);
      assertThat(group.member(1).ledger().installs()).as("after the restart").isZero();
    }
  }

  @Test
  void aMemberWhoseInstallFailsTriesAgainInAnIdleGroup() {
    try (TestGroup group = withMemberOneBehindTheLog()) {
      TestGroup.Running returned = group.start(1);
      returned.ledger().failInstalls(2);
      awaitCaughtUp(group);
      assertThat(returned.ledger().installs()).isGreaterThanOrEqualTo(3);
      assertThat(returned.events().fatal()).isEmpty();
    }
  }

  @Test
  void anInstallFromALeaderThatIsGoneIsGivenUpForTheNextOne() {
    try (TestGroup group = withMemberOneBehindTheLog()) {
      TestGroup.Running returned = group.start(1);
      returned.ledger().holdInstalls();
      await().until(() -> returned.ledger().installs() > 0);
      int first = group.awaitLeader().id();

      group.stop(first);

      group.awaitAllEqual();
      assertThat(returned.ledger().installedFrom())
          .startsWith("member-" + first)
          .endsWith("member-" + group.awaitLeader().id());
      assertThat(returned.events().fatal()).isEmpty();
    }
  }

  @Test
  void aMemberCatchesUpWhileCommandsKeepComing() {
    try (TestGroup group = withMemberOneBehindTheLog()) {
      group.start(1);
      for (int i = 0; i < 4; i++) {
        group.submitMany(100_000 + i * 1_000, 500, KIB);
      }
      awaitCaughtUp(group);
      assertThat(group.member(1).ledger().installs()).isPositive();
    }
  }

  @Test
  void aLogWithoutItsDataIsRefusedWhereItNoLongerHoldsThem() throws IOException {
    try (TestGroup group = withMemberOneBehindTheLog()) {
      group.stop(2);
      Files.move(group.home(2).resolve("ledger.mv.db"), group.home(2).resolve("aside.mv.db"));
      assertThatThrownBy(() -> group.start(2))
          .isInstanceOf(LogStorageException.class)
          .hasMessageContaining("the Raft log begins at")
          .hasMessageContaining("the data end at -1");
      Files.move(
          group.home(2).resolve("aside.mv.db"),
          group.home(2).resolve("ledger.mv.db"),
          StandardCopyOption.REPLACE_EXISTING);
      group.start(2);
      group.awaitAllEqual();
    }
  }

  /** Three members of which the first stopped early; the others' logs begin after it. */
  private TestGroup withMemberOneBehindTheLog() {
    TestGroup group = TestGroup.purging(directory, 3, 500).startAll();
    group.awaitLeader(3);
    group.submit(MANY);
    group.awaitAllEqual();
    group.stop(1);
    group.submitMany(0, MANY, KIB);
    group.awaitPurged(2);
    group.awaitPurged(3);
    return group;
  }

  private static void awaitCaughtUp(TestGroup group) {
    group.awaitAllEqual();
    await()
        .until(
            () ->
                group.awaitLeader().log().status().lag().values().stream()
                    .allMatch(lag -> lag == 0));
    group.assertNoneFailed();
  }
}
