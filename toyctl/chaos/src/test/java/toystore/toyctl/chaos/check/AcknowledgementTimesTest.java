package toystore.toyctl.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AcknowledgementTimesTest {
  private static final long MS = 1_000_000;
  private final AcknowledgementTimes times = new AcknowledgementTimes();

  private void acknowledge(long beginMs, long endMs) {
    times.add(beginMs * MS, endMs * MS);
  }

  @Test
  @DisplayName("The longest gap is found even if it begins before the window")
  void longestGapMayExceedTheWindow() {
    acknowledge(0, 10);
    acknowledge(5, 20);
    acknowledge(15, 500);
    acknowledge(490, 510);

    AcknowledgementTimes.Gap gap = times.longestGap(100 * MS, 505 * MS);

    assertThat(gap).isEqualTo(new AcknowledgementTimes.Gap(20 * MS, 500 * MS));
    assertThat(gap.length()).isEqualTo(Duration.ofMillis(480));
  }

  @Test
  @DisplayName("A gap that lasts until the end of the window counts")
  void gapAtTheEndOfTheWindowCounts() {
    acknowledge(0, 10);

    assertThat(times.longestGap(20 * MS, 900 * MS).length()).isEqualTo(Duration.ofMillis(890));
  }

  @Test
  @DisplayName("A gap that ends before the window does not count")
  void gapOutsideTheWindowDoesNotCount() {
    acknowledge(0, 10);
    acknowledge(0, 1000);
    acknowledge(0, 1010);
    acknowledge(0, 1020);

    assertThat(times.longestGap(1005 * MS, 1020 * MS).length()).isEqualTo(Duration.ofMillis(10));
  }

  @Test
  @DisplayName("The slowest purchase is chosen among those in progress in the window")
  void slowestPurchaseWasInProgressInTheWindow() {
    acknowledge(0, 400);
    acknowledge(450, 650);
    acknowledge(700, 1700);

    assertThat(times.slowest(500 * MS, 600 * MS)).isEqualTo(Duration.ofMillis(200));
  }

  @Test
  @DisplayName("Many purchases are counted for each second, with correct percentiles")
  void countsAndPercentilesOfManyPurchases() {
    for (int i = 0; i < 10_000; i++) {
      acknowledge(i, i + 1);
    }
    acknowledge(9_000, 11_500);

    assertThat(times.count()).isEqualTo(10_001);
    assertThat(times.latencies().p50()).isBetween(0.99, 1.01);
    assertThat(times.latencies().max()).isBetween(2499.0, 2502.0);
    assertThat(times.perSecond(0)).hasSize(12).startsWith(999, 1000).endsWith(1, 1);
  }
}
