package toystore.config;

import static toystore.config.ConfigException.require;

import java.time.Duration;

/** The section {@code cache}: the product cache of a front end and the lease that protects it. */
public record CacheSettings(
    boolean enabled, int size, Duration lease, Duration driftAllowance, boolean serveStale) {
  public CacheSettings {
    require(size > 0, "cache.size must be at least 1");
    require(lease.toMillis() >= 100, "cache.lease must be at least 100ms");
    require(
        !driftAllowance.isNegative() && driftAllowance.compareTo(lease) < 0,
        "cache.drift-allowance must be shorter than cache.lease");
    require(enabled || !serveStale, "cache.serve-stale requires cache.enabled");
  }
}
