package toystore.config;

import static toystore.config.ConfigException.require;

/** The section {@code batch}: how many requests are grouped into one call and one log entry. */
public record BatchSettings(int maxSize, int maxQueued) {
  /** A message still has room for this many requests of the maximum length, 300 bytes. */
  private static final int LARGEST_SIZE = 2_000;

  public BatchSettings {
    require(maxSize > 0, "batch.max-size must be at least 1");
    require(maxSize <= LARGEST_SIZE, "batch.max-size must be at most " + LARGEST_SIZE);
    require(maxQueued >= maxSize, "batch.max-queued must be at least batch.max-size");
  }
}
