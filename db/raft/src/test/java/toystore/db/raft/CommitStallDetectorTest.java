package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CommitStallDetectorTest {
  private final CommitStallDetector watch = new CommitStallDetector(3);

  @Test
  void whoIsAskedNothingIsNotStalled() {
    for (int look = 0; look < 20; look++) {
      assertThat(watch.isStalled()).isFalse();
    }
  }

  @Test
  void whoAnswersSomethingBetweenLooksIsNotStalledHoweverMuchWaits() {
    watch.asked();
    for (int look = 0; look < 20; look++) {
      watch.asked();
      watch.answered();
      assertThat(watch.isStalled()).isFalse();
    }
  }

  @Test
  void whoAnswersNothingForAllItsPatienceIsStalledUntilItAnswers() {
    assertThat(watch.isStalled()).isFalse();
    watch.asked();
    watch.asked();
    assertThat(watch.isStalled()).isFalse();
    assertThat(watch.isStalled()).isFalse();
    assertThat(watch.isStalled()).isTrue();
    watch.answered();
    assertThat(watch.isStalled()).as("one still waits, one was answered").isFalse();
  }
}
