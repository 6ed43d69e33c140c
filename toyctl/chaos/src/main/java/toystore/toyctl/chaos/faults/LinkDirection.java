package toystore.toyctl.chaos.faults;

import java.time.Duration;
import java.util.Random;

/**
 * One direction between two nodes. All connections between them obey it, whichever of the two
 * opened them: a network that loses what A sends to B also loses A's answers to B.
 */
final class LinkDirection {
  /** The shortest time after which Linux sends again what was not acknowledged. */
  private static final long RETRANSMISSION_NANOS = Duration.ofMillis(200).toNanos();

  private final Random random;
  private LinkConditions weather = LinkConditions.CALM;

  LinkDirection(long seed) {
    this.random = new Random(seed);
  }

  synchronized void set(LinkConditions next) {
    weather = next;
    notifyAll();
  }

  synchronized LinkConditions weather() {
    return weather;
  }

  /** How long a piece that is sent now will be under way. */
  synchronized long drawNanos() {
    long nanos = weather.delay().toNanos();
    long jitter = weather.jitter().toNanos();
    if (jitter > 0) {
      nanos += (long) (random.nextDouble() * jitter);
    }
    if (weather.loss() > 0 && random.nextDouble() < weather.loss()) {
      nanos += RETRANSMISSION_NANOS;
    }
    return nanos;
  }

  /** Waits while the way is cut. */
  synchronized void awaitOpen() throws InterruptedException {
    while (weather.cut()) {
      wait();
    }
  }
}
