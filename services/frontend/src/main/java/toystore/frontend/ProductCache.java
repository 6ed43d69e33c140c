package toystore.frontend;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import toystore.api.Ids;
import toystore.api.Product;

/**
 * A bounded cache of products that is never stale (design, section 5). It belongs to a session with
 * the catalog and answers only while the session's lease lasts; without one it is empty, by
 * definition. The catalog names what to forget before it shows a change to anyone.
 */
final class ProductCache {
  /**
   * A miss under way: what it finds is kept only if nothing has happened to the name since.
   *
   * @param told the session had begun before, so that the catalog has told it of all that happened
   */
  record Miss(Session session, boolean told, String name, long invalidations) {}

  /** All that is kept under one session id; replaced as a whole. */
  static final class Session {
    final UUID id = Ids.fresh();
    private final Cache<String, Product.Versioned> entries;
    private final ConcurrentHashMap<String, Long> invalidations = new ConcurrentHashMap<>();
    private volatile long leaseEndsNanos;

    /** The catalog that granted the first lease; null: there was none, and there are no entries. */
    private volatile @Nullable UUID catalog;

    Session(Cache<String, Product.Versioned> entries) {
      this.entries = entries;
    }

    private boolean valid(long nowNanos) {
      return catalog != null && leaseEndsNanos - nowNanos > 0;
    }
  }

  private final int size;
  private final LongSupplier nanoClock;
  private final Counter hits;
  private final Counter misses;
  private final Counter invalidated;
  private final Counter evictions;
  private volatile Session session;

  /**
   * An empty cache without a lease.
   *
   * @param nanoClock monotonic time
   */
  ProductCache(int size, LongSupplier nanoClock, MeterRegistry metrics) {
    this.size = size;
    this.nanoClock = nanoClock;
    this.hits = metrics.counter("toystore.cache.hits");
    this.misses = metrics.counter("toystore.cache.misses");
    this.invalidated = metrics.counter("toystore.cache.invalidations");
    this.evictions = metrics.counter("toystore.cache.evictions");
    this.session = newSession();
    Gauge.builder("toystore.cache.entries", () -> session.entries.estimatedSize())
        .register(metrics);
    Gauge.builder("toystore.cache.lease.valid", () -> leaseValid() ? 1 : 0).register(metrics);
  }

  private Session newSession() {
    return new Session(
        Caffeine.newBuilder()
            .maximumSize(size)
            .executor(Runnable::run)
            .evictionListener(
                (@Nullable String name, Product.@Nullable Versioned product, RemovalCause cause) ->
                    evictions.increment())
            .build());
  }

  /** The product if it is cached under a valid lease, else null. */
  Product.@Nullable Versioned get(String name) {
    Session current = session;
    Product.Versioned product = current.entries.getIfPresent(name);
    // The entry first and the clock after: the lease covers the moment of reading.
    if (product != null && current.valid(nanoClock.getAsLong())) {
      hits.increment();
      return product;
    }
    misses.increment();
    return null;
  }

  /** Begins to fetch a product that was not found. */
  Miss beginMiss(String name) {
    Session current = session;
    return new Miss(
        current, current.catalog != null, name, current.invalidations.getOrDefault(name, 0L));
  }

  /** Keeps what a miss found, unless an invalidation of it came meanwhile or the session ended. */
  void fill(Miss miss, Product.Versioned product) {
    Session current = session;
    if (miss.session() != current || !miss.told() || !current.valid(nanoClock.getAsLong())) {
      return;
    }
    // Atomic with an invalidation of the same name.
    current.invalidations.compute(
        miss.name(),
        (name, count) -> {
          if ((count == null ? 0 : count) == miss.invalidations()) {
            current.entries.put(name, product);
          }
          return count == null ? 0 : count;
        });
  }

  /** Forgets products; false if they were named to a session that is no more. */
  boolean invalidate(UUID sessionId, Collection<String> names) {
    Session current = session;
    if (!current.id.equals(sessionId)) {
      return false;
    }
    for (String name : names) {
      current.invalidations.compute(
          name,
          (n, count) -> {
            current.entries.invalidate(n);
            return count == null ? 1 : count + 1;
          });
    }
    invalidated.increment(names.size());
    return true;
  }

  /** The session that the next lease is for. */
  Session session() {
    return session;
  }

  /** Drops everything; the next lease begins a new session. */
  void drop() {
    session = newSession();
  }

  /** This catalog granted the session a lease until this moment of the monotonic clock. */
  void leased(Session granted, UUID catalog, long endsNanos) {
    granted.leaseEndsNanos = endsNanos;
    granted.catalog = catalog;
  }

  /** The catalog that the session has leases from; null: it had none, and so has no entries. */
  @Nullable UUID catalog(Session granted) {
    return granted.catalog;
  }

  boolean leaseValid() {
    return session.valid(nanoClock.getAsLong());
  }
}
