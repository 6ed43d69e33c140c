package toystore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import toystore.config.CacheSettings;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;

class ProductCacheTest {
  private static final UUID CATALOG = Uuids.fresh();
  private static final int SIZE = 4;
  private static final Duration LEASE = Duration.ofSeconds(1);
  private static final Duration DRIFT = Duration.ofMillis(50);
  private static final Duration USABLE = LEASE.minus(DRIFT);

  private final ManualTicker clock = new ManualTicker();
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final ProductCache cache =
      ProductCache.create(new CacheSettings(true, SIZE, LEASE, DRIFT, false), clock, metrics);

  private static Product.Versioned product(String name, long version) {
    return new Product.Versioned(new Product(name, new Price(1599), 100), version);
  }

  private static CacheLeaseMessages.Grant grant(Duration length, boolean continued) {
    return new CacheLeaseMessages.Grant(length.toMillis(), continued, CATALOG);
  }

  private void lease() {
    assertThat(cache.processGrant(cache.beginRenewal("http://front"), grant(LEASE, true))).isTrue();
  }

  private void fill(String name, long version) {
    cache.fill(cache.beginMiss(name), product(name, version));
  }

  private double count(String name) {
    return metrics.counter("toystore.cache." + name).count();
  }

  @Test
  @DisplayName("The result of a miss is cached")
  void theResultOfAMissIsCached() {
    lease();
    assertThat(cache.get("Tux")).isNull();
    fill("Tux", 1);

    assertThat(cache.get("Tux")).isEqualTo(product("Tux", 1));
    assertThat(count("misses")).isEqualTo(1);
    assertThat(count("hits")).isEqualTo(1);
  }

  @Test
  @DisplayName("Nothing is cached without a lease")
  void nothingIsCachedWithoutALease() {
    fill("Tux", 1);
    lease();

    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  @DisplayName("The result of a miss that began before the first lease is not cached")
  void aMissBeforeTheFirstLeaseIsNotCached() {
    ProductCache.Miss early = cache.beginMiss("Tux");
    lease();
    cache.fill(early, product("Tux", 1));

    assertThat(cache.get("Tux"))
        .as("the product may have changed without an invalidation to this session")
        .isNull();
  }

  @Test
  @DisplayName("Entries are hidden after the lease has expired, and return with its renewal")
  void anExpiredLeaseHidesEntriesUntilItsRenewal() {
    lease();
    fill("Tux", 1);
    clock.pass(USABLE.minusNanos(1));
    assertThat(cache.get("Tux")).isNotNull();
    clock.pass(Duration.ofNanos(1));
    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.leaseValid()).isFalse();
    fill("Fox", 1);
    lease();

    assertThat(cache.get("Tux")).as("the session was continued").isNotNull();
    assertThat(cache.get("Fox")).as("the miss ended without a lease").isNull();
  }

  @Test
  @DisplayName("The lease counts from the time of the request")
  void theLeaseCountsFromTheTimeOfTheRequest() {
    ProductCache.PendingRenewal renewal = cache.beginRenewal("http://front");
    clock.pass(USABLE.minusNanos(1));
    cache.processGrant(renewal, grant(LEASE, true));
    assertThat(cache.leaseValid()).isTrue();
    clock.pass(Duration.ofNanos(1));

    assertThat(cache.leaseValid()).isFalse();
  }

  @Test
  @DisplayName("A lease that is not extended expires without ending the session")
  void anExpiredLeaseDoesNotEndTheSession() {
    lease();
    fill("Tux", 1);
    clock.pass(USABLE.dividedBy(2));
    assertThat(cache.processGrant(cache.beginRenewal("http://front"), grant(Duration.ZERO, true)))
        .isTrue();
    assertThat(cache.get("Tux")).isNotNull();
    clock.pass(USABLE.dividedBy(2));

    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  @DisplayName("The clock is read after the entry")
  void theClockIsReadAfterTheEntry() {
    Runnable[] meanwhile = {() -> {}};
    ProductCache slow =
        ProductCache.create(
            new CacheSettings(true, SIZE, LEASE, DRIFT, false),
            () -> {
              meanwhile[0].run();
              return clock.read();
            },
            new SimpleMeterRegistry());
    slow.processGrant(slow.beginRenewal("http://front"), grant(LEASE, true));
    slow.fill(slow.beginMiss("Tux"), product("Tux", 1));
    // The process hangs between the two reads, and meanwhile another thread caches a later state.
    meanwhile[0] =
        () -> {
          meanwhile[0] = () -> {};
          slow.session.entries.put("Tux", product("Tux", 2));
        };

    assertThat(slow.get("Tux")).isEqualTo(product("Tux", 1));
  }

  @Test
  @DisplayName("An invalidation removes the named products and no others")
  void anInvalidationRemovesOnlyTheNamedProducts() {
    lease();
    fill("Tux", 1);
    fill("Fox", 1);
    fill("Whale", 1);

    assertThat(cache.invalidate(cache.session.id, List.of("Tux", "Whale", "none"))).isTrue();
    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.get("Whale")).isNull();
    assertThat(cache.get("Fox")).isNotNull();
    assertThat(count("invalidations")).isEqualTo(3);
  }

  @Test
  @DisplayName("The result of a miss is not cached if the product was invalidated meanwhile")
  void aMissIsNotCachedAfterAnInvalidation() {
    lease();
    ProductCache.Miss tux = cache.beginMiss("Tux");
    ProductCache.Miss fox = cache.beginMiss("Fox");
    cache.invalidate(cache.session.id, List.of("Tux"));
    cache.fill(tux, product("Tux", 1));
    cache.fill(fox, product("Fox", 1));

    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.get("Fox")).isNotNull();
    fill("Tux", 2);
    assertThat(cache.get("Tux"))
        .as("the result of a later miss is cached")
        .isEqualTo(product("Tux", 2));
  }

  @Test
  @DisplayName("The result of a miss of a dropped session is not cached")
  void aMissOfADroppedSessionIsNotCached() {
    lease();
    ProductCache.Miss miss = cache.beginMiss("Tux");
    cache.drop();
    lease();
    cache.fill(miss, product("Tux", 1));

    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  @DisplayName("Nothing of a dropped session remains")
  void nothingOfADroppedSessionRemains() {
    lease();
    fill("Tux", 1);
    ProductCache.PendingRenewal before = cache.beginRenewal("http://front");
    assertThat(before.message().catalog()).isEqualTo(CATALOG);
    assertThat(cache.processGrant(before, grant(Duration.ZERO, false))).isFalse();

    CacheLeaseMessages.Renewal next = cache.beginRenewal("http://front").message();
    assertThat(next.session()).isNotEqualTo(before.message().session());
    assertThat(next.catalog()).isNull();
    assertThat(cache.leaseValid()).isFalse();
    cache.processGrant(before, grant(LEASE, true));
    assertThat(cache.leaseValid()).as("the late grant was for the old session").isFalse();
    assertThat(cache.invalidate(before.message().session(), List.of("Tux"))).isFalse();
    lease();
    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  @DisplayName("An invalidation for another session is rejected")
  void anInvalidationForAnotherSessionIsRejected() {
    lease();
    fill("Tux", 1);

    assertThat(cache.invalidate(Uuids.fresh(), List.of("Tux"))).isFalse();
    assertThat(cache.get("Tux")).isNotNull();
    assertThat(count("invalidations")).isZero();
  }

  @Test
  @DisplayName("A full cache evicts products")
  void aFullCacheEvicts() {
    lease();
    for (int i = 0; i < 10; i++) {
      fill("p" + i, i);
    }
    long kept = 0;
    for (int i = 0; i < 10; i++) {
      kept += cache.get("p" + i) == null ? 0 : 1;
    }

    assertThat(kept).isEqualTo(SIZE);
    assertThat(count("evictions")).isEqualTo(10 - SIZE);
    assertThat(metrics.get("toystore.cache.entries").gauge().value()).isEqualTo(SIZE);
  }
}
