package toystore.cache;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.micrometer.core.instrument.Counter;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.Product;

/** One session in a front end: its lease, and all products that are cached under its id. */
final class HeldSession {
  final UUID id;
  final ConcurrentMap<String, Product.Versioned> entries;

  /** The number of invalidations of each product that was ever invalidated in this session. */
  final ConcurrentHashMap<String, Long> invalidations = new ConcurrentHashMap<>();

  volatile long leaseEndsNanos;

  /** The catalog that granted the first lease, or null if there was none yet. */
  volatile @Nullable UUID catalog;

  HeldSession(UUID id, ConcurrentMap<String, Product.Versioned> entries) {
    this.id = id;
    this.entries = entries;
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  HeldSession(HeldSession other, ConcurrentMap<String, Product.Versioned> entries) {
    this(other.id, entries);
    entries.putAll(other.entries);
    invalidations.putAll(other.invalidations);
    leaseEndsNanos = other.leaseEndsNanos;
    catalog = other.catalog;
  }

  /** Creates a map for the products of a session that evicts products when it is full. */
  static ConcurrentMap<String, Product.Versioned> boundedEntries(int size, Counter evictions) {
    return Caffeine.newBuilder()
        .maximumSize(size)
        .executor(Runnable::run)
        .evictionListener(
            (@Nullable String name, Product.@Nullable Versioned product, RemovalCause cause) ->
                evictions.increment())
        .<String, Product.Versioned>build()
        .asMap();
  }
}
