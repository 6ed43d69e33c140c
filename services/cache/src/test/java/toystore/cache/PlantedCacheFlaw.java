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
 * Flaws to plant in the protocol, so that a test can show that the search finds them. The classes
 * are the production classes, except that one decision of each is wrong.
 */
enum PlantedCacheFlaw {
  NONE,
  LEASE_IS_NOT_CHECKED,
  LEASE_BEGINS_WHEN_ITS_GRANT_ARRIVES,
  FILL_IGNORES_INVALIDATIONS,
  MISS_BEFORE_THE_FIRST_LEASE_FILLS,
  RENEWAL_NAMES_NO_CATALOG,
  PUBLISHED_BEFORE_ALL_SESSIONS_RESPOND,
  EVERYTHING_IS_CACHEABLE,
  CACHEABLE_BEFORE_PUBLICATION,
  CACHEABLE_AFTER_THE_FIRST_OF_SEVERAL_CHANGES,
  NO_WAIT_AFTER_START,
  SESSION_ID_IS_ACCEPTED_AGAIN,
  SESSIONS_BEGIN_WHILE_CLOSED;

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
    boolean isLeaseValid(HeldSession current, long nowNanos) {
      return flaw == LEASE_IS_NOT_CHECKED
          ? current.catalog != null
          : super.isLeaseValid(current, nowNanos);
    }

    @Override
    boolean isUnchangedSince(Miss miss, long invalidations) {
      return flaw == FILL_IGNORES_INVALIDATIONS || super.isUnchangedSince(miss, invalidations);
    }

    @Override
    public Miss beginMiss(String name) {
      Miss miss = super.beginMiss(name);
      return flaw == MISS_BEFORE_THE_FIRST_LEASE_FILLS
          ? new Miss(miss.session(), true, name, miss.invalidations())
          : miss;
    }

    @Override
    PendingRenewal beginRenewal(String url) {
      PendingRenewal renewal = super.beginRenewal(url);
      return flaw == RENEWAL_NAMES_NO_CATALOG
          ? new PendingRenewal(
              renewal.nanos(),
              new CacheLeaseMessages.Renewal(renewal.message().session(), url, null))
          : renewal;
    }

    @Override
    long leaseEnds(PendingRenewal renewal, CacheLeaseMessages.Grant grant) {
      return flaw == LEASE_BEGINS_WHEN_ITS_GRANT_ARRIVES
          ? super.leaseEnds(super.beginRenewal("now"), grant)
          : super.leaseEnds(renewal, grant);
    }
  }

  static final class Sessions extends CacheSessions {
    private final PlantedCacheFlaw flaw;

    Sessions(PlantedCacheFlaw flaw, Ticker ticker, Duration lease, Supplier<UUID> ids) {
      super(ticker, lease, ids);
      this.flaw = flaw;
    }

    Sessions(Sessions other) {
      super(other);
      this.flaw = other.flaw;
    }

    @Override
    public synchronized Duration untilOpen() {
      return flaw == NO_WAIT_AFTER_START ? Duration.ZERO : super.untilOpen();
    }

    @Override
    boolean hasEnded(UUID id) {
      return flaw != SESSION_ID_IS_ACCEPTED_AGAIN && super.hasEnded(id);
    }

    @Override
    public synchronized void close() {
      super.close();
      if (flaw == SESSIONS_BEGIN_WHILE_CLOSED) {
        open();
      }
    }
  }

  static final class Published extends PublishedProducts {
    private final PlantedCacheFlaw flaw;

    Published(PlantedCacheFlaw flaw) {
      this.flaw = flaw;
    }

    Published(Published other) {
      super(other);
      this.flaw = other.flaw;
    }

    @Override
    boolean cacheable(String name) {
      return flaw == EVERYTHING_IS_CACHEABLE || super.cacheable(name);
    }

    @Override
    void endChange(Collection<String> names) {
      if (flaw == CACHEABLE_AFTER_THE_FIRST_OF_SEVERAL_CHANGES) {
        pendingChanges.keySet().removeAll(names);
      } else {
        super.endChange(names);
      }
    }
  }

  static final class Round extends InvalidationRound {
    private final PlantedCacheFlaw flaw;
    private final PublishedProducts published;

    Round(
        PlantedCacheFlaw flaw,
        CacheSessions sessions,
        PublishedProducts published,
        List<PendingChange> changes) {
      super(sessions, changes);
      this.flaw = flaw;
      this.published = published;
    }

    Round(
        Round other,
        CacheSessions sessions,
        PublishedProducts published,
        List<PendingChange> changes) {
      super(other, sessions, changes);
      this.flaw = other.flaw;
      this.published = published;
    }

    @Override
    boolean isComplete() {
      return flaw == PUBLISHED_BEFORE_ALL_SESSIONS_RESPOND || super.isComplete();
    }

    @Override
    void complete() {
      super.complete();
      if (flaw == CACHEABLE_BEFORE_PUBLICATION) {
        published.endChange(names());
      }
    }
  }
}
