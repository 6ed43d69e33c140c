package toystore.cache;

/** The number of events of each kind that may still happen in one run of a {@link CacheModel}. */
final class CacheModelBudget {
  /** Clock ticks. */
  int ticks;

  /** Changes that are announced, before or after their commit. */
  int changes;

  /** Changes that are committed without an announcement. */
  int unannounced;

  /** Changes whose outcome does not become known in time. */
  int unknownOutcomes;

  /** Renewals by front ends. */
  int renewals;

  /** Misses of front ends. */
  int misses;

  /** Renewals that arrive twice. */
  int repetitions;

  /** Restarts of the catalog, or takeovers by another catalog. */
  int catalogCrashes;

  /** Losses of leadership after which the same catalog leads again. */
  int leadershipLosses;

  /** Restarts of front ends. */
  int frontEndCrashes;

  CacheModelBudget() {}

  CacheModelBudget(CacheModelBudget other) {
    ticks = other.ticks;
    changes = other.changes;
    unannounced = other.unannounced;
    unknownOutcomes = other.unknownOutcomes;
    renewals = other.renewals;
    misses = other.misses;
    repetitions = other.repetitions;
    catalogCrashes = other.catalogCrashes;
    leadershipLosses = other.leadershipLosses;
    frontEndCrashes = other.frontEndCrashes;
  }

  CacheModelBudget ticks(int count) {
    ticks = count;
    return this;
  }

  CacheModelBudget changes(int count) {
    changes = count;
    return this;
  }

  CacheModelBudget unannounced(int count) {
    unannounced = count;
    return this;
  }

  CacheModelBudget unknownOutcomes(int count) {
    unknownOutcomes = count;
    return this;
  }

  CacheModelBudget renewals(int count) {
    renewals = count;
    return this;
  }

  CacheModelBudget misses(int count) {
    misses = count;
    return this;
  }

  CacheModelBudget repetitions(int count) {
    repetitions = count;
    return this;
  }

  CacheModelBudget catalogCrashes(int count) {
    catalogCrashes = count;
    return this;
  }

  CacheModelBudget leadershipLosses(int count) {
    leadershipLosses = count;
    return this;
  }

  CacheModelBudget frontEndCrashes(int count) {
    frontEndCrashes = count;
    return this;
  }
}
