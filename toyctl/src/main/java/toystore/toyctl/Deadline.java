package toystore.toyctl;

import java.time.Duration;

/** The end of a whole operation; every wait in it takes what is left. */
final class Deadline {
  private final Duration length;
  private final long end;

  private Deadline(Duration length) {
    this.length = length;
    this.end = System.nanoTime() + length.toNanos();
  }

  static Deadline in(Duration length) {
    return new Deadline(length);
  }

  Duration length() {
    return length;
  }

  boolean passed() {
    return System.nanoTime() - end >= 0;
  }

  /** What is left, at least one millisecond, so that it can serve as the time limit of a call. */
  Duration left() {
    return Duration.ofNanos(Math.max(1_000_000L, end - System.nanoTime()));
  }

  /** What is left, but no more than that. */
  Duration atMost(Duration longest) {
    Duration left = left();
    return left.compareTo(longest) < 0 ? left : longest;
  }

  /** Waits before the next poll, never past the deadline. */
  void pause(Duration pause) throws InterruptedException {
    Thread.sleep(atMost(pause));
  }

  /** The length in words: "10 s". */
  String inWords() {
    long millis = length.toMillis();
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }
}
