package toystore.cache;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import toystore.config.CacheSettings;
import toystore.protocol.api.Product;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;

/**
 * A bounded cache of products that is never stale (DESIGN.md of this module). It belongs to a
 * session with the catalog and answers only while the session's lease lasts; without one it is
 * empty, by definition. The catalog names what to forget before it shows a change to anyone.
 *
 * <p>Says what may be shown and kept, and what to make of a grant; sends nothing itself.
 */
public class ProductCache {
  /**
   * A miss under way: what it finds is kept only if nothing has happened to the name since.
   *
   * @param told the session had begun before, so that the catalog has told it of all that happened
   */
  public record Miss(UUID session, boolean told, String name, long invalidations) {}

  /** A renewal under way, and when it was asked for. */
  record Asked(long nanos, CacheLeaseMessages.Renewal message) {}

  /** All that is kept under one session id; replaced as a whole. */
  static final class Session {
    final UUID id;
    final ConcurrentMap<String, Product.Versioned> entries;
    final ConcurrentHashMap<String, Long> invalidations = new ConcurrentHashMap<>();
    volatile long leaseEndsNanos;

    /** The catalog that granted the first lease; null: there was none, and there are no entries. */
    volatile @Nullable UUID catalog;

    Session(UUID id, ConcurrentMap<String, Product.Versioned> entries) {
      this.id = id;
      this.entries = entries;
    }
  }

  private final Duration driftAllowance;
  private final Ticker ticker;
  private final Supplier<UUID> ids;
  private final Supplier<ConcurrentMap<String, Product.Versioned>> shelves;
  private final Counter hits;
  private final Counter misses;
  private final Counter invalidated;
  volatile Session session;

  /** An empty cache without a lease. */
  public static ProductCache create(CacheSettings settings, Ticker ticker, MeterRegistry metrics) {
    ProductCache cache =
        new ProductCache(
            settings.driftAllowance(),
            ticker,
            Uuids::fresh,
            bounded(settings.size(), metrics.counter("toystore.cache.evictions")),
            metrics);
    Gauge.builder("toystore.cache.entries", () -> cache.session.entries.size()).register(metrics);
    Gauge.builder("toystore.cache.lease.valid", () -> cache.leaseValid() ? 1 : 0).register(metrics);
    return cache;
  }

  ProductCache(
      Duration driftAllowance,
      Ticker ticker,
      Supplier<UUID> ids,
      Supplier<ConcurrentMap<String, Product.Versioned>> shelves,
      MeterRegistry metrics) {
    this.driftAllowance = driftAllowance;
    this.ticker = ticker;
    this.ids = ids;
    this.shelves = shelves;
    this.hits = metrics.counter("toystore.cache.hits");
    this.misses = metrics.counter("toystore.cache.misses");
    this.invalidated = metrics.counter("toystore.cache.invalidations");
    this.session = newSession();
  }

  /** A copy, for tests that try more than one future. */
  ProductCache(ProductCache other, Supplier<UUID> ids) {
    this.driftAllowance = other.driftAllowance;
    this.ticker = other.ticker;
    this.ids = ids;
    this.shelves = other.shelves;
    this.hits = other.hits;
    this.misses = other.misses;
    this.invalidated = other.invalidated;
    Session theirs = other.session;
    this.session = new Session(theirs.id, shelves.get());
    session.entries.putAll(theirs.entries);
    session.invalidations.putAll(theirs.invalidations);
    session.leaseEndsNanos = theirs.leaseEndsNanos;
    session.catalog = theirs.catalog;
  }

  private static Supplier<ConcurrentMap<String, Product.Versioned>> bounded(
      int size, Counter evictions) {
    return () ->
        Caffeine.newBuilder()
            .maximumSize(size)
            .executor(Runnable::run)
            .evictionListener(
                (@Nullable String name, Product.@Nullable Versioned product, RemovalCause cause) ->
                    evictions.increment())
            .<String, Product.Versioned>build()
            .asMap();
  }

  private Session newSession() {
    return new Session(ids.get(), shelves.get());
  }

  /** The product if it is cached under a valid lease, else null. */
  public Product.@Nullable Versioned get(String name) {
    Session current = session;
    Product.Versioned product = current.entries.get(name);
    // The entry first and the clock after: the lease covers the moment of reading.
    if (product != null && valid(current, ticker.nanos())) {
      hits.increment();
      return product;
    }
    misses.increment();
    return null;
  }

  boolean valid(Session current, long nowNanos) {
    return current.catalog != null && current.leaseEndsNanos - nowNanos > 0;
  }

  /** Begins to fetch a product that was not found. */
  public Miss beginMiss(String name) {
    Session current = session;
    return new Miss(
        current.id, current.catalog != null, name, current.invalidations.getOrDefault(name, 0L));
  }

  /** Keeps what a miss found, unless an invalidation of it came meanwhile or the session ended. */
  public void fill(Miss miss, Product.Versioned product) {
    Session current = session;
    if (!miss.session().equals(current.id) || !miss.told() || !valid(current, ticker.nanos())) {
      return;
    }
    // Atomic with an invalidation of the same name.
    current.invalidations.compute(
        miss.name(),
        (name, count) -> {
          long now = count == null ? 0 : count;
          if (undisturbed(miss, now)) {
            current.entries.put(name, product);
          }
          return now;
        });
  }

  /** Whether no invalidation came since the miss began. */
  boolean undisturbed(Miss miss, long invalidations) {
    return miss.invalidations() == invalidations;
  }

  /** Forgets products; false if they were named to a session that is no more. */
  public boolean invalidate(UUID sessionId, Collection<String> names) {
    Session current = session;
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
   * Begins to ask for a lease. The clock is read before anything is sent, so that the lease ends
   * here before it ends at the catalog.
   *
   * @param url where the catalog reaches this front end
   */
  Asked beginRenewal(String url) {
    Session current = session;
    return new Asked(
        ticker.nanos(), new CacheLeaseMessages.Renewal(current.id, url, current.catalog));
  }

  /** Takes an answer to a renewal; false if it ended the session, and with it all that was kept. */
  boolean granted(Asked asked, CacheLeaseMessages.Grant grant) {
    Session current = session;
    if (!current.id.equals(asked.message().session())) {
      return true;
    }
    if (!grant.continued()) {
      // The catalog may not have told this session of every change: nothing of it is used again.
      drop();
      return false;
    }
    if (grant.lengthMs() > 0) {
      current.leaseEndsNanos = leaseEnds(asked, grant);
      current.catalog = grant.catalog();
    }
    return true;
  }

  long leaseEnds(Asked asked, CacheLeaseMessages.Grant grant) {
    return asked.nanos() + Duration.ofMillis(grant.lengthMs()).minus(driftAllowance).toNanos();
  }

  /** Drops everything; the next lease begins a new session. */
  void drop() {
    session = newSession();
  }

  /** Whether products may be answered from the cache now. */
  public boolean leaseValid() {
    return valid(session, ticker.nanos());
  }
}
