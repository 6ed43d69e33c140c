package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.UUID;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.config.CacheSettings;
import toystore.protocol.api.Product;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;

/**
 * A bounded cache of products that never shows a stale one. The cache belongs to a session with the
 * catalog and answers only while the lease of the session is valid. Without a valid lease the cache
 * counts as empty. The catalog sends an invalidation before it publishes a change.
 *
 * <p>This class makes decisions and sends nothing. The steps of a read and of a lease are those of
 * DESIGN.md of this module.
 */
public class ProductCache {
  /**
   * A miss in progress. Its result is cached only if the product was not invalidated meanwhile.
   *
   * @param leased whether the session had a lease when the miss began, so that the catalog sends it
   *     an invalidation for every change since
   * @param invalidations the number of invalidations of this product when the miss began
   */
  public record Miss(UUID session, boolean leased, String name, long invalidations) {}

  /** A renewal in progress, and the time before it was sent. */
  record PendingRenewal(long nanos, CacheLeaseMessages.Renewal message) {}

  private final Duration driftAllowance;
  private final Ticker ticker;
  private final Supplier<UUID> ids;
  private final Supplier<ConcurrentMap<String, Product.Versioned>> newEntries;
  private final Counter hits;
  private final Counter misses;
  private final Counter invalidated;
  volatile HeldSession session;

  /** Creates an empty cache without a lease. */
  public static ProductCache create(CacheSettings settings, Ticker ticker, MeterRegistry metrics) {
    Counter evictions = metrics.counter("toystore.cache.evictions");
    ProductCache cache =
        new ProductCache(
            settings.driftAllowance(),
            ticker,
            Uuids::fresh,
            () -> HeldSession.boundedEntries(settings.size(), evictions),
            metrics);
    Gauge.builder("toystore.cache.entries", () -> cache.session.entries.size()).register(metrics);
    Gauge.builder("toystore.cache.lease.valid", () -> cache.leaseValid() ? 1 : 0).register(metrics);
    return cache;
  }

  ProductCache(
      Duration driftAllowance,
      Ticker ticker,
      Supplier<UUID> ids,
      Supplier<ConcurrentMap<String, Product.Versioned>> newEntries,
      MeterRegistry metrics) {
    this.driftAllowance = driftAllowance;
    this.ticker = ticker;
    this.ids = ids;
    this.newEntries = newEntries;
    this.hits = metrics.counter("toystore.cache.hits");
    this.misses = metrics.counter("toystore.cache.misses");
    this.invalidated = metrics.counter("toystore.cache.invalidations");
    this.session = newSession();
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  ProductCache(ProductCache other, Supplier<UUID> ids) {
    this.driftAllowance = other.driftAllowance;
    this.ticker = other.ticker;
    this.ids = ids;
    this.newEntries = other.newEntries;
    this.hits = other.hits;
    this.misses = other.misses;
    this.invalidated = other.invalidated;
    this.session = new HeldSession(other.session, newEntries.get());
  }

  private HeldSession newSession() {
    return new HeldSession(ids.get(), newEntries.get());
  }

  /** Returns the product if it is cached under a valid lease, otherwise null. */
  public Product.@Nullable Versioned get(String name) {
    HeldSession current = session;
    Product.Versioned product = current.entries.get(name);
    // Read step 1: the clock is read after the entry, so that the lease covers the read of the
    // entry.
    if (product != null && isLeaseValid(current, ticker.read())) {
      hits.increment();
      return product;
    }
    misses.increment();
    return null;
  }

  boolean isLeaseValid(HeldSession current, long nowNanos) {
    return current.catalog != null && current.leaseEndsNanos - nowNanos > 0;
  }

  /** Begins a miss (read step 2), before the product is requested from the catalog. */
  public Miss beginMiss(String name) {
    HeldSession current = session;
    return new Miss(
        current.id, current.catalog != null, name, current.invalidations.getOrDefault(name, 0L));
  }

  /**
   * Caches the result of a miss (read step 3), unless the product was invalidated meanwhile or the
   * session has ended.
   */
  public void fill(Miss miss, Product.Versioned product) {
    HeldSession current = session;
    if (!miss.session().equals(current.id)
        || !miss.leased()
        || !isLeaseValid(current, ticker.read())) {
      return;
    }
    // Atomic with respect to an invalidation of the same product.
    current.invalidations.compute(
        miss.name(),
        (name, count) -> {
          long now = count == null ? 0 : count;
          if (isUnchangedSince(miss, now)) {
            current.entries.put(name, product);
          }
          return now;
        });
  }

  /** Whether the product was not invalidated since the miss began. */
  boolean isUnchangedSince(Miss miss, long invalidations) {
    return miss.invalidations() == invalidations;
  }

  /** Removes products. Returns false if the invalidation is for a session that has ended. */
  public boolean invalidate(UUID sessionId, Collection<String> names) {
    HeldSession current = session;
    if (!current.id.equals(sessionId)) {
      return false;
    }
    for (String name : names) {
      current.invalidations.compute(
          name,
          (n, count) -> {
            current.entries.remove(n);
            return count == null ? 1 : count + 1;
          });
    }
    invalidated.increment(names.size());
    return true;
  }

  /**
   * Begins a renewal of the lease (lease step 1). Reads the clock before the request is sent, so
   * that the lease expires here before it expires at the catalog.
   *
   * @param url the address at which the catalog reaches this front end
   */
  PendingRenewal beginRenewal(String url) {
    HeldSession current = session;
    return new PendingRenewal(
        ticker.read(), new CacheLeaseMessages.Renewal(current.id, url, current.catalog));
  }

  /**
   * Processes a grant (lease step 3). Returns false if the session has ended; the cache is then
   * dropped.
   */
  boolean processGrant(PendingRenewal renewal, CacheLeaseMessages.Grant grant) {
    HeldSession current = session;
    if (!current.id.equals(renewal.message().session())) {
      return true;
    }
    if (!grant.continued()) {
      // The session may have missed an invalidation, so nothing in the cache may be used again.
      drop();
      return false;
    }
    if (grant.lengthMs() > 0) {
      current.leaseEndsNanos = leaseEnds(renewal, grant);
      current.catalog = grant.catalog();
    }
    return true;
  }

  long leaseEnds(PendingRenewal renewal, CacheLeaseMessages.Grant grant) {
    return renewal.nanos() + Duration.ofMillis(grant.lengthMs()).minus(driftAllowance).toNanos();
  }

  /** Drops the cache and its session. The next lease begins a new session. */
  void drop() {
    session = newSession();
  }

  /** Whether the lease is valid, so that products may be answered from the cache. */
  public boolean leaseValid() {
    return isLeaseValid(session, ticker.read());
  }
}
