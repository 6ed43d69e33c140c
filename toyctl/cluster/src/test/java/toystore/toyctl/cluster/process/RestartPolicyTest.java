package toystore.toyctl.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
  private static final Duration SHORT = Duration.ofSeconds(2);

  private final RestartPolicy policy = new RestartPolicy();
  private long now;

  @Test
  @DisplayName("The delay doubles with each failure; the fifth failure within a minute is the last")
  void delayDoublesUntilTooManyFailures() {
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(200));
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(400));
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(800));
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(1600));
    assertThat(endedAfter(SHORT)).isEmpty();
  }

  @Test
  @DisplayName("Failures that are far apart never count as too many")
  void failuresFarApartAreNeverTooMany() {
    Duration apart = Duration.ofSeconds(20);
    for (int i = 0; i < 20; i++) {
      assertThat(endedAfter(apart)).isPresent();
    }
    assertThat(endedAfter(apart)).contains(RestartPolicy.MAX_DELAY);
  }

  @Test
  @DisplayName("A process that ran for a minute resets the delay")
  void minuteWithoutFailureResetsTheDelay() {
    for (int i = 0; i < 4; i++) {
      assertThat(endedAfter(SHORT)).isPresent();
    }
    assertThat(endedAfter(RestartPolicy.WINDOW)).contains(RestartPolicy.FIRST_DELAY);
  }

  private Optional<Duration> endedAfter(Duration ran) {
    now += ran.toNanos();
    return policy.ended(now, ran);
  }
}
