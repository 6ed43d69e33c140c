package toystore.toyctl.chaos;

import toystore.toyctl.chaos.faults.Fault;

/**
 * A kind of fault that can be injected at random.
 *
 * @param name the name in reports and for {@code toyctl chaos --only}
 * @param factory creates a fault of this kind
 */
record FaultKind(String name, Factory factory) {
  /** Creates a fault with random choices. */
  @FunctionalInterface
  interface Factory {
    Fault create(RandomChoices choices);
  }
}
