package toystore.toyctl.chaos.faults;

import java.time.Duration;
import java.util.Random;

/**
 * One direction of the network between two nodes. Its conditions apply to all connections between
 * the two, no matter which node opened them: a network that loses what A sends to B also loses A's
 * responses to B.
 */
final class LinkDirection {
  /** The shortest time after which Linux retransmits unacknowledged data. */
  private static final long RETRANSMISSION_NANOS = Duration.ofMillis(200).toNanos();

  private final Random random;
  private LinkConditions conditions = LinkConditions.NORMAL;

  LinkDirection(long seed) {
    this.random = new Random(seed);
  }

  synchronized void set(LinkConditions next) {
    conditions = next;
    notifyAll();
  }

  /** The delay of a chunk that is sent now, drawn at random. */
  synchronized long drawDelayNanos() {
    long nanos = conditions.delay().toNanos();
    long jitter = conditions.jitter().toNanos();
    if (jitter > 0) {
      nanos += (long) (random.nextDouble() * jitter);
    }
    if (conditions.loss() > 0 && random.nextDouble() < conditions.loss()) {
      nanos += RETRANSMISSION_NANOS;
    }
    return nanos;
  }

  /** Waits until the direction is not cut. */
  synchronized void awaitOpen() throws InterruptedException {
    while (conditions.cut()) {
      wait();
    }
  }
}
