package toystore.toyctl.cluster;

import java.time.Duration;

/** The end of a whole operation; every wait in it takes what is left. */
public final class CommandDeadline {
  private final Duration length;
  private final long end;

  private CommandDeadline(Duration length) {
    this.length = length;
    this.end = System.nanoTime() + length.toNanos();
  }

  public static CommandDeadline in(Duration length) {
    return new CommandDeadline(length);
  }

  Duration length() {
    return length;
  }

  public boolean passed() {
    return System.nanoTime() - end >= 0;
  }

  /** What is left, at least one millisecond, so that it can serve as the time limit of a call. */
  public Duration left() {
    return Duration.ofNanos(Math.max(1_000_000L, end - System.nanoTime()));
  }

  /** What is left, but no more than that. */
  public Duration atMost(Duration longest) {
    Duration left = left();
    return left.compareTo(longest) < 0 ? left : longest;
  }

  /** Waits before the next poll, never past the deadline. */
  public void pause(Duration pause) throws InterruptedException {
    Thread.sleep(atMost(pause));
  }

  /** The length in words: "10 s". */
  public String inWords() {
    long millis = length.toMillis();
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }
}
