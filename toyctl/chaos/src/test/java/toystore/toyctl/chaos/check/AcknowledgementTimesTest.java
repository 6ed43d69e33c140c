package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AcknowledgementTimesTest {
  private static final long MS = 1_000_000;
  private final AcknowledgementTimes answers = new AcknowledgementTimes();

  private void answer(long beginMs, long endMs) {
    answers.acknowledged(beginMs * MS, endMs * MS);
  }

  @Test
  void theLongestSilenceIsFoundAlsoWhereItReachesOutOfTheWindow() {
    answer(0, 10);
    answer(5, 20);
    answer(15, 500);
    answer(490, 510);

    AcknowledgementTimes.Silence silence = answers.longestSilence(100 * MS, 505 * MS);

    assertThat(silence).isEqualTo(new AcknowledgementTimes.Silence(20 * MS, 500 * MS));
    assertThat(silence.length()).isEqualTo(Duration.ofMillis(480));
  }

  @Test
  void silenceUntilTheEndOfTheWindowCounts() {
    answer(0, 10);

    assertThat(answers.longestSilence(20 * MS, 900 * MS).length())
        .isEqualTo(Duration.ofMillis(890));
  }

  @Test
  void silenceOutsideTheWindowDoesNot() {
    answer(0, 10);
    answer(0, 1000);
    answer(0, 1010);
    answer(0, 1020);

    assertThat(answers.longestSilence(1005 * MS, 1020 * MS).length())
        .isEqualTo(Duration.ofMillis(10));
  }

  @Test
  void theSlowestPurchaseIsOneThatWasUnderWayInTheWindow() {
    answer(0, 400);
    answer(450, 650);
    answer(700, 1700);

    assertThat(answers.slowest(500 * MS, 600 * MS)).isEqualTo(Duration.ofMillis(200));
  }

  @Test
  void manyAnswersAreSpreadAndCountedBySeconds() {
    for (int i = 0; i < 10_000; i++) {
      answer(i, i + 1);
    }
    answer(9_000, 11_500);

    assertThat(answers.count()).isEqualTo(10_001);
    assertThat(answers.latencies().p50()).isBetween(0.99, 1.01);
    assertThat(answers.latencies().max()).isBetween(2499.0, 2502.0);
    assertThat(answers.perSecond(0)).hasSize(12).startsWith(999, 1000).endsWith(1, 1);
  }
}
