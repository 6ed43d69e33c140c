package toystore.toyctl.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import toystore.config.Role;
import toystore.toyctl.chaos.store.ThrowawayStore;

/** Chooses the nodes, durations and numbers of one fault at random. */
final class RandomChoices {
  private static final Duration SHORT = Duration.ofSeconds(3);

  private final ThrowawayStore store;
  private final Random random;
  private final Duration longest;
  private final String leader;

  /**
   * @param longest the longest duration of a fault
   * @param leader the order replica that leads now
   */
  RandomChoices(ThrowawayStore store, Random random, Duration longest, String leader) {
    this.store = store;
    this.random = random;
    this.longest = longest;
    this.leader = leader;
  }

  String leader() {
    return leader;
  }

  String anyOf(List<String> names) {
    return names.get(random.nextInt(names.size()));
  }

  String anyNode() {
    return anyOf(store.names());
  }

  String any(Role role) {
    return anyOf(store.names(role));
  }

  String follower() {
    return anyOf(store.names(Role.ORDER).stream().filter(name -> !name.equals(leader)).toList());
  }

  /** A number from 0 to the bound, exclusive. */
  int number(int bound) {
    return random.nextInt(bound);
  }

  /** A number from 0 to 1, exclusive. */
  double fraction() {
    return random.nextDouble();
  }

  /** A duration between 0.1 s and the limit plus 0.1 s. */
  Duration upTo(Duration limit) {
    return Duration.ofMillis(100 + (long) (random.nextDouble() * limit.toMillis()));
  }

  /** How long the fault lasts: usually short, but sometimes as long as the longest. */
  Duration faultDuration() {
    boolean shortFault = random.nextInt(8) != 0 && SHORT.compareTo(longest) < 0;
    return upTo(shortFault ? SHORT : longest);
  }
}
