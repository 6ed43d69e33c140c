package toystore.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DurationsTest {
  @Test
  void arithmeticIsThatOfDuration() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      Duration duration =
          Duration.ofSeconds(random.nextLong(1L << 31), random.nextInt(1_000_000_000));
      int count = 1 + random.nextInt(Integer.MAX_VALUE >> random.nextInt(31));

      assertThat(Durations.times(duration, count))
          .as("seed %d, %s times %d", seed, duration, count)
          .isEqualTo(duration.multipliedBy(count));
      assertThat(Durations.part(duration, count))
          .as("seed %d, %s by %d", seed, duration, count)
          .isEqualTo(duration.dividedBy(count));
    }
  }
}
