package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CommitStallDetectorTest {
  private final CommitStallDetector detector = new CommitStallDetector(3);

  @Test
  @DisplayName("A leader without submissions is not stalled")
  void idleLeaderIsNotStalled() {
    for (int check = 0; check < 20; check++) {
      assertThat(detector.checkStalled()).isFalse();
    }
  }

  @Test
  @DisplayName("A leader that completes a submission between two checks is not stalled")
  void leaderThatCompletesSubmissionsIsNotStalled() {
    detector.commandSubmitted();
    for (int check = 0; check < 20; check++) {
      detector.commandSubmitted();
      detector.commandCompleted();
      assertThat(detector.checkStalled()).isFalse();
    }
  }

  @Test
  @DisplayName("A leader that completes nothing for all checks is stalled until it completes one")
  void leaderWithoutProgressIsStalled() {
    assertThat(detector.checkStalled()).isFalse();
    detector.commandSubmitted();
    detector.commandSubmitted();
    assertThat(detector.checkStalled()).isFalse();
    assertThat(detector.checkStalled()).isFalse();
    assertThat(detector.checkStalled()).isTrue();
    detector.commandCompleted();
    assertThat(detector.checkStalled())
        .as("with one pending and one completed submission")
        .isFalse();
  }
}
