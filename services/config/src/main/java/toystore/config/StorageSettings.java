package toystore.config;

import static toystore.config.ConfigException.require;

import java.time.Duration;

/** The section {@code storage}: the H2 file of a replica and how it follows the Raft log. */
public record StorageSettings(
    Duration flushInterval,
    int flushRows,
    int maxPendingRows,
    int cacheKb,
    int readConnections,
    int scrubRowsPerSecond) {
  public StorageSettings {
    require(flushInterval.toMillis() >= 1, "storage.flush-interval must be at least 1ms");
    require(flushRows > 0, "storage.flush-rows must be at least 1");
    require(
        maxPendingRows >= flushRows,
        "storage.max-pending-rows must be at least storage.flush-rows");
    require(cacheKb >= 0, "storage.cache-kb must not be negative");
    require(readConnections > 0, "storage.read-connections must be at least 1");
    require(
        scrubRowsPerSecond >= 0 && scrubRowsPerSecond <= 100_000,
        "storage.scrub-rows-per-second must be from 0 to 100000");
  }
}
