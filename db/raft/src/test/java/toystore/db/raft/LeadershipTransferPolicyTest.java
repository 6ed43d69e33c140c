package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LeadershipTransferPolicyTest {
  private static final String PEER = "order-3";

  private final LeadershipTransferPolicy policy =
      new LeadershipTransferPolicy(Duration.ofSeconds(3));
  private long nowNanos = 1_000_000_000_000L;
  private long commit = 100;

  @Test
  @DisplayName("A member that has been caught up for the required time gets leadership")
  void caughtUpMemberLeadsAfterTheRequiredTime() {
    checkNow(commit, 0);
    assertThat(checkAfter(Duration.ofMillis(250), commit, 0))
        .as("at the start of the required time")
        .isFalse();
    assertThat(checkAfter(Duration.ofMillis(2_999), commit, 0)).isFalse();
    assertThat(checkAfter(Duration.ofMillis(1), commit, 0)).isTrue();
  }

  @Test
  @DisplayName("Under load a member that is a few entries behind counts as caught up")
  void memberSlightlyBehindUnderLoadIsCaughtUp() {
    checkNow(commit, 0);
    boolean transfers = false;
    for (int i = 0; i < 14; i++) {
      long committedBefore = commit;
      commit += 1_000;
      transfers = checkAfter(Duration.ofMillis(250), committedBefore, 10);
    }
    assertThat(transfers).isTrue();
  }

  @Test
  @DisplayName("The required time starts again when the member falls behind")
  void fallingBehindRestartsTheTime() {
    checkNow(commit, 0);
    checkAfter(Duration.ofMillis(250), commit, 0);
    assertThat(checkAfter(Duration.ofSeconds(4), commit - 1, 0)).as("one entry behind").isFalse();
    assertThat(checkAfter(Duration.ofMillis(250), commit, 0))
        .as("after the restart of the required time")
        .isFalse();
    assertThat(checkAfter(Duration.ofSeconds(3), commit, 0)).isTrue();
  }

  @Test
  @DisplayName("The required time starts again when the member does not respond")
  void silenceRestartsTheTime() {
    checkNow(commit, 0);
    checkAfter(Duration.ofMillis(250), commit, 0);
    assertThat(checkAfter(Duration.ofSeconds(4), commit, 501)).isFalse();
    assertThat(checkAfter(Duration.ofMillis(250), commit, 500))
        .as("after the restart of the required time")
        .isFalse();
    assertThat(checkAfter(Duration.ofSeconds(3), commit, 0)).isTrue();
  }

  @Test
  @DisplayName("The first check of a leader never transfers leadership")
  void firstCheckNeverTransfers() {
    assertThat(checkAfter(Duration.ofDays(1), commit, 0)).isFalse();
    assertThat(checkAfter(Duration.ofMillis(250), commit, 0)).isFalse();
  }

  @Test
  @DisplayName("A leader of a new term ignores what it observed in an earlier term")
  void newTermStartsFromScratch() {
    checkNow(commit, 0);
    checkAfter(Duration.ofMillis(250), commit, 0);
    policy.reset();
    assertThat(checkAfter(Duration.ofSeconds(10), commit, 0)).isFalse();
    assertThat(checkAfter(Duration.ofMillis(250), commit, 0)).isFalse();
    assertThat(checkAfter(Duration.ofSeconds(3), commit, 0)).isTrue();
  }

  @Test
  @DisplayName("Each member is tracked separately")
  void membersAreTrackedSeparately() {
    checkNow(commit, 0);
    checkAfter(Duration.ofMillis(250), commit, 0);
    nowNanos += Duration.ofSeconds(3).toNanos();
    assertThat(policy.shouldTransferTo("order-2", commit, 0, nowNanos)).isFalse();
    assertThat(policy.shouldTransferTo(PEER, commit, 0, nowNanos)).isTrue();
  }

  private void checkNow(long match, long silentMs) {
    checkAfter(Duration.ZERO, match, silentMs);
  }

  private boolean checkAfter(Duration pause, long match, long silentMs) {
    nowNanos += pause.toNanos();
    boolean transfers = policy.shouldTransferTo(PEER, match, silentMs, nowNanos);
    policy.checkFinished(commit);
    return transfers;
  }
}
