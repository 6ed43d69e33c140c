package toystore.catalog;

/** Monotonic time in nanoseconds; tests drive it by hand. */
@FunctionalInterface
interface Ticker {
  Ticker SYSTEM = System::nanoTime;

  long nanos();
}
