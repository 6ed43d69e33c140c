package toystore.toyctl.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
  private static final Duration SHORT = Duration.ofSeconds(2);

  private final RestartPolicy policy = new RestartPolicy();
  private long now;

  @Test
  void theWaitDoublesUpToALimitAndTooManyFailuresInAMinuteAreTheEnd() {
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(200));
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(400));
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(800));
    assertThat(endedAfter(SHORT)).contains(Duration.ofMillis(1600));
    assertThat(endedAfter(SHORT)).isEmpty();
  }

  @Test
  void failuresFarApartAreNeverTooMany() {
    Duration apart = Duration.ofSeconds(20);
    for (int i = 0; i < 20; i++) {
      assertThat(endedAfter(apart)).isPresent();
    }
    assertThat(endedAfter(apart)).contains(RestartPolicy.LONGEST);
  }

  @Test
  void aMinuteOfHealthMakesThePastCountNoMore() {
    for (int i = 0; i < 4; i++) {
      assertThat(endedAfter(SHORT)).isPresent();
    }
    assertThat(endedAfter(RestartPolicy.WELL)).contains(RestartPolicy.FIRST);
  }

  private Optional<Duration> endedAfter(Duration lived) {
    now += lived.toNanos();
    return policy.ended(now, lived);
  }
}
