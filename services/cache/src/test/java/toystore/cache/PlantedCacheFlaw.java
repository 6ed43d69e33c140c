package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import toystore.protocol.message.CacheLeaseMessages;

/**
 * Mistakes to plant, to see that the search would find them. The classes here are the real ones but
 * for one decision.
 */
enum PlantedCacheFlaw {
  NONE,
  NO_LEASE_IS_CHECKED,
  A_LEASE_COUNTS_FROM_THE_ARRIVAL_OF_ITS_GRANT,
  A_FILL_IS_KEPT_DESPITE_AN_INVALIDATION,
  A_MISS_FROM_BEFORE_THE_SESSION_IS_KEPT,
  NO_CATALOG_IS_NAMED_IN_A_RENEWAL,
  A_CHANGE_IS_SHOWN_BEFORE_ALL_HAVE_FORGOTTEN,
  EVERYTHING_IS_CACHEABLE,
  CACHEABLE_AGAIN_ONCE_TOLD_THOUGH_NOT_SHOWN_YET,
  CACHEABLE_AGAIN_AT_THE_FIRST_END_OF_SEVERAL_CHANGES,
  NO_WAIT_AFTER_A_START,
  A_SESSION_ID_COMES_BACK,
  SESSIONS_BEGIN_BEFORE_THE_CATALOG_IS_OPEN;

  static final class Cache extends ProductCache {
    private final PlantedCacheFlaw flaw;

    Cache(PlantedCacheFlaw flaw, Ticker ticker, Supplier<UUID> ids) {
      super(Duration.ZERO, ticker, ids, ConcurrentHashMap::new, new CompositeMeterRegistry());
      this.flaw = flaw;
    }

    Cache(Cache other, Supplier<UUID> ids) {
      super(other, ids);
      this.flaw = other.flaw;
    }

    @Override
    boolean valid(Session current, long nowNanos) {
      return flaw == NO_LEASE_IS_CHECKED ? current.catalog != null : super.valid(current, nowNanos);
    }

    @Override
    boolean isUnchangedSince(Miss miss, long invalidations) {
      return flaw == A_FILL_IS_KEPT_DESPITE_AN_INVALIDATION
          || super.isUnchangedSince(miss, invalidations);
    }

    @Override
    public Miss beginMiss(String name) {
      Miss miss = super.beginMiss(name);
      return flaw == A_MISS_FROM_BEFORE_THE_SESSION_IS_KEPT
          ? new Miss(miss.session(), true, name, miss.invalidations())
          : miss;
    }

    @Override
    PendingRenewal beginRenewal(String url) {
      PendingRenewal asked = super.beginRenewal(url);
      return flaw == NO_CATALOG_IS_NAMED_IN_A_RENEWAL
          ? new PendingRenewal(
              asked.nanos(), new CacheLeaseMessages.Renewal(asked.message().session(), url, null))
          : asked;
    }

    @Override
    long leaseEnds(PendingRenewal asked, CacheLeaseMessages.Grant grant) {
      return flaw == A_LEASE_COUNTS_FROM_THE_ARRIVAL_OF_ITS_GRANT
          ? super.leaseEnds(super.beginRenewal("now"), grant)
          : super.leaseEnds(asked, grant);
    }
  }

  static final class Granter extends CacheSessions {
    private final PlantedCacheFlaw flaw;

    Granter(PlantedCacheFlaw flaw, Ticker ticker, Duration lease, Supplier<UUID> ids) {
      super(ticker, lease, ids);
      this.flaw = flaw;
    }

    Granter(Granter other) {
      super(other);
      this.flaw = other.flaw;
    }

    @Override
    public synchronized Duration untilOpen() {
      return flaw == NO_WAIT_AFTER_A_START ? Duration.ZERO : super.untilOpen();
    }

    @Override
    boolean hasEnded(UUID id) {
      return flaw != A_SESSION_ID_COMES_BACK && super.hasEnded(id);
    }

    @Override
    public synchronized void close() {
      super.close();
      if (flaw == SESSIONS_BEGIN_BEFORE_THE_CATALOG_IS_OPEN) {
        open();
      }
    }
  }

  static final class Shown extends PublishedProducts {
    private final PlantedCacheFlaw flaw;

    Shown(PlantedCacheFlaw flaw) {
      this.flaw = flaw;
    }

    Shown(Shown other) {
      super(other);
      this.flaw = other.flaw;
    }

    @Override
    boolean cacheable(String name) {
      return flaw == EVERYTHING_IS_CACHEABLE || super.cacheable(name);
    }

    @Override
    void end(Collection<String> names) {
      if (flaw == CACHEABLE_AGAIN_AT_THE_FIRST_END_OF_SEVERAL_CHANGES) {
        pending.keySet().removeAll(names);
      } else {
        super.end(names);
      }
    }
  }

  static final class Telling extends InvalidationRound {
    private final PlantedCacheFlaw flaw;
    private final PublishedProducts published;

    Telling(
        PlantedCacheFlaw flaw,
        CacheSessions sessions,
        PublishedProducts published,
        List<PendingChange> changes) {
      super(sessions, changes);
      this.flaw = flaw;
      this.published = published;
    }

    Telling(
        Telling other,
        CacheSessions sessions,
        PublishedProducts published,
        List<PendingChange> changes) {
      super(other, sessions, changes);
      this.flaw = other.flaw;
      this.published = published;
    }

    @Override
    boolean isOver() {
      return flaw == A_CHANGE_IS_SHOWN_BEFORE_ALL_HAVE_FORGOTTEN || super.isOver();
    }

    @Override
    void end() {
      super.end();
      if (flaw == CACHEABLE_AGAIN_ONCE_TOLD_THOUGH_NOT_SHOWN_YET) {
        published.end(names());
      }
    }
  }
}
