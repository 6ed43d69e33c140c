package toystore.cache;

/**
 * Monotonic time in nanoseconds, for both sides of the protocol: what a lease means depends on
 * nothing else. Tests drive it by hand.
 */
@FunctionalInterface
public interface Ticker {
  Ticker SYSTEM = System::nanoTime;

  long nanos();
}
