package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static toystore.db.raft.TestGroup.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import toystore.db.log.LogStorageException;

/** Members that restart after the log has dropped the entries that they missed. */
@Timeout(90)
class MissedEntriesTest {
  private static final int COMMANDS = 4_000;
  private static final int KIB = 1_024;

  @TempDir Path directory;

  @Test
  @DisplayName("A member that is behind the start of the log installs the state of the leader")
  void memberBehindTheLogStartInstallsTheState() {
    try (TestGroup group = withMemberOneBehindTheLogStart()) {
      group.start(1);
      // No command is submitted until the member has caught up.
      awaitCaughtUp(group);
      assertThat(group.member(1).ledger().installs()).isPositive();
      group.submit(COMMANDS + 1);
      group.awaitAllEqual();
      assertThat(group.member(1).ledger().size()).isGreaterThanOrEqualTo(COMMANDS + 2);

      // The log of the member continues after the installed state.
      group.stop(1);
      group.submit(COMMANDS + 2);
      group.start(1);
      awaitCaughtUp(group);
      assertThat(group.member(1).ledger().installs()).as("after the restart").isZero();
    }
  }

  @Test
  @DisplayName("A failed install is retried, even in an idle group")
  void failedInstallIsRetriedInAnIdleGroup() {
    try (TestGroup group = withMemberOneBehindTheLogStart()) {
      TestGroup.Running returned = group.start(1);
      returned.ledger().failInstalls(2);
      awaitCaughtUp(group);
      assertThat(returned.ledger().installs()).isGreaterThanOrEqualTo(3);
      assertThat(returned.events().fatal()).isEmpty();
    }
  }

  @Test
  @DisplayName("If the leader ends during an install, the member installs from the next leader")
  void installIsRepeatedFromTheNextLeader() {
    try (TestGroup group = withMemberOneBehindTheLogStart()) {
      TestGroup.Running returned = group.start(1);
      returned.ledger().blockNextInstall();
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
  @DisplayName("A member catches up while new commands are submitted")
  void memberCatchesUpUnderLoad() {
    try (TestGroup group = withMemberOneBehindTheLogStart()) {
      group.start(1);
      for (int i = 0; i < 4; i++) {
        group.submitMany(100_000 + i * 1_000, 500, KIB);
      }
      awaitCaughtUp(group);
      assertThat(group.member(1).ledger().installs()).isPositive();
    }
  }

  @Test
  @DisplayName("A member without data is not started if its log no longer holds all entries")
  void incompleteLogWithoutDataIsRejected() throws IOException {
    try (TestGroup group = withMemberOneBehindTheLogStart()) {
      group.stop(2);
      Files.move(group.home(2).resolve("ledger.mv.db"), group.home(2).resolve("moved.mv.db"));
      assertThatThrownBy(() -> group.start(2))
          .isInstanceOf(LogStorageException.class)
          .hasMessageContaining("the Raft log begins at")
          .hasMessageContaining("the data end at -1");
      Files.move(
          group.home(2).resolve("moved.mv.db"),
          group.home(2).resolve("ledger.mv.db"),
          StandardCopyOption.REPLACE_EXISTING);
      group.start(2);
      group.awaitAllEqual();
    }
  }

  /** Three members. The first one is stopped, and the logs of the others start after its end. */
  private TestGroup withMemberOneBehindTheLogStart() {
    TestGroup group = TestGroup.purging(directory, 3, 500).startAll();
    group.awaitLeader(3);
    group.submit(COMMANDS);
    group.awaitAllEqual();
    group.stop(1);
    group.submitMany(0, COMMANDS, KIB);
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
