package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeadershipTransferPolicyTest {
  private static final String PEER = "order-3";

  private final LeadershipTransferPolicy keeper =
      new LeadershipTransferPolicy(Duration.ofSeconds(3));
  private long nowNanos = 1_000_000_000_000L;
  private long commit = 100;

  @Test
  void aMemberThatKeepsUpLeadsAfterTheTimeItHasToProveItself() {
    lookWithoutWaiting(commit, 0);
    assertThat(lookAfter(Duration.ofMillis(250), commit, 0)).as("begins to count").isFalse();
    assertThat(lookAfter(Duration.ofMillis(2_999), commit, 0)).isFalse();
    assertThat(lookAfter(Duration.ofMillis(1), commit, 0)).isTrue();
  }

  @Test
  void aMemberAFewEntriesBehindUnderLoadKeepsUp() {
    lookWithoutWaiting(commit, 0);
    boolean yields = false;
    for (int i = 0; i < 14; i++) {
      long committedBefore = commit;
      commit += 1_000;
      yields = lookAfter(Duration.ofMillis(250), committedBefore, 10);
    }
    assertThat(yields).isTrue();
  }

  @Test
  void aMemberThatFallsBehindBeginsAnew() {
    lookWithoutWaiting(commit, 0);
    lookAfter(Duration.ofMillis(250), commit, 0);
    assertThat(lookAfter(Duration.ofSeconds(4), commit - 1, 0)).as("an entry short").isFalse();
    assertThat(lookAfter(Duration.ofMillis(250), commit, 0)).as("counts anew").isFalse();
    assertThat(lookAfter(Duration.ofSeconds(3), commit, 0)).isTrue();
  }

  @Test
  void aSilentMemberIsNotTrusted() {
    lookWithoutWaiting(commit, 0);
    lookAfter(Duration.ofMillis(250), commit, 0);
    assertThat(lookAfter(Duration.ofSeconds(4), commit, 501)).isFalse();
    assertThat(lookAfter(Duration.ofMillis(250), commit, 500)).as("counts anew").isFalse();
    assertThat(lookAfter(Duration.ofSeconds(3), commit, 0)).isTrue();
  }

  @Test
  void theFirstLookOfALeaderDecidesNothing() {
    assertThat(lookAfter(Duration.ofDays(1), commit, 0)).isFalse();
    assertThat(lookAfter(Duration.ofMillis(250), commit, 0)).isFalse();
  }

  @Test
  void aLeaderThatComesAgainKnowsNothingOfItsEarlierTerm() {
    lookWithoutWaiting(commit, 0);
    lookAfter(Duration.ofMillis(250), commit, 0);
    keeper.reset();
    assertThat(lookAfter(Duration.ofSeconds(10), commit, 0)).isFalse();
    assertThat(lookAfter(Duration.ofMillis(250), commit, 0)).isFalse();
    assertThat(lookAfter(Duration.ofSeconds(3), commit, 0)).isTrue();
  }

  @Test
  void eachMemberIsJudgedByItself() {
    lookWithoutWaiting(commit, 0);
    lookAfter(Duration.ofMillis(250), commit, 0);
    nowNanos += Duration.ofSeconds(3).toNanos();
    assertThat(keeper.shouldYieldTo("order-2", commit, 0, nowNanos)).isFalse();
    assertThat(keeper.shouldYieldTo(PEER, commit, 0, nowNanos)).isTrue();
  }

  private void lookWithoutWaiting(long match, long silentMs) {
    lookAfter(Duration.ZERO, match, silentMs);
  }

  private boolean lookAfter(Duration pause, long match, long silentMs) {
    nowNanos += pause.toNanos();
    boolean yields = keeper.shouldYieldTo(PEER, match, silentMs, nowNanos);
    keeper.looked(commit);
    return yields;
  }
}
