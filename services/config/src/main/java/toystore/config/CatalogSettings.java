package toystore.config;

import static toystore.config.ConfigException.require;

import java.time.Duration;

/** The section {@code catalog}: the catalog replicas, restocking, and how long holds are kept. */
public record CatalogSettings(
    int replicas,
    Duration restockInterval,
    int restockTo,
    Duration doubtAfter,
    Duration retention) {
  public CatalogSettings {
    require(
        replicas == 1 || replicas == 3,
        "catalog.replicas must be 1 or 3: three replicas tolerate the failure of one, while two"
            + " replicas must both be up");
    require(restockInterval.toMillis() >= 100, "catalog.restock-interval must be at least 100ms");
    require(restockTo > 0, "catalog.restock-to must be at least 1");
    require(doubtAfter.toMillis() >= 100, "catalog.doubt-after must be at least 100ms");
    require(
        retention.compareTo(doubtAfter.multipliedBy(10)) >= 0,
        "catalog.retention must be at least ten times catalog.doubt-after");
  }

  CatalogSettings withReplicas(int count) {
    return new CatalogSettings(count, restockInterval, restockTo, doubtAfter, retention);
  }
}
