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
    assertThat(cache.granted(cache.beginRenewal("http://front"), grant(LEASE, true))).isTrue();
  }

  private void fill(String name, long version) {
    cache.fill(cache.beginMiss(name), product(name, version));
  }

  private double count(String name) {
    return metrics.counter("toystore.cache." + name).count();
  }

  @Test
  @DisplayName("What a miss found is a hit from then on")
  void whatAMissFoundIsAHitFromThenOn() {
    lease();
    assertThat(cache.get("Tux")).isNull();
    fill("Tux", 1);

    assertThat(cache.get("Tux")).isEqualTo(product("Tux", 1));
    assertThat(count("misses")).isEqualTo(1);
    assertThat(count("hits")).isEqualTo(1);
  }

  @Test
  @DisplayName("Without a lease nothing is kept")
  void withoutALeaseNothingIsKept() {
    fill("Tux", 1);
    lease();

    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  @DisplayName("A miss that began before the session is not kept")
  void aMissThatBeganBeforeTheSessionIsNotKept() {
    ProductCache.Miss early = cache.beginMiss("Tux");
    lease();
    cache.fill(early, product("Tux", 1));

    assertThat(cache.get("Tux")).as("the catalog may have told of a change meanwhile").isNull();
  }

  @Test
  @DisplayName("The end of the lease is a miss and a renewal brings the entry back")
  void theEndOfTheLeaseIsAMissAndARenewalBringsTheEntryBack() {
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
    assertThat(cache.get("Fox")).as("filled without a lease").isNull();
  }

  @Test
  @DisplayName("The lease counts from the time of asking")
  void theLeaseCountsFromTheTimeOfAsking() {
    ProductCache.PendingRenewal asked = cache.beginRenewal("http://front");
    clock.pass(USABLE.minusNanos(1));
    cache.granted(asked, grant(LEASE, true));
    assertThat(cache.leaseValid()).isTrue();
    clock.pass(Duration.ofNanos(1));

    assertThat(cache.leaseValid()).isFalse();
  }

  @Test
  @DisplayName("A lease that is not extended runs out without ending the session")
  void aLeaseThatIsNotExtendedRunsOutWithoutEndingTheSession() {
    lease();
    fill("Tux", 1);
    clock.pass(USABLE.dividedBy(2));
    assertThat(cache.granted(cache.beginRenewal("http://front"), grant(Duration.ZERO, true)))
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
    slow.granted(slow.beginRenewal("http://front"), grant(LEASE, true));
    slow.fill(slow.beginMiss("Tux"), product("Tux", 1));
    // A hang between the two, in which another reader's miss brings a later state.
    meanwhile[0] =
        () -> {
          meanwhile[0] = () -> {};
          slow.session.entries.put("Tux", product("Tux", 2));
        };

    assertThat(slow.get("Tux")).isEqualTo(product("Tux", 1));
  }

  @Test
  @DisplayName("An invalidation forgets the named products and no others")
  void anInvalidationForgetsTheNamedProductsAndNoOthers() {
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
  @DisplayName("What a miss found is not kept if an invalidation came meanwhile")
  void whatAMissFoundIsNotKeptIfAnInvalidationCameMeanwhile() {
    lease();
    ProductCache.Miss tux = cache.beginMiss("Tux");
    ProductCache.Miss fox = cache.beginMiss("Fox");
    cache.invalidate(cache.session.id, List.of("Tux"));
    cache.fill(tux, product("Tux", 1));
    cache.fill(fox, product("Fox", 1));

    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.get("Fox")).isNotNull();
    fill("Tux", 2);
    assertThat(cache.get("Tux")).as("a later miss is kept").isEqualTo(product("Tux", 2));
  }

  @Test
  @DisplayName("A miss of a dropped session is not kept")
  void aMissOfADroppedSessionIsNotKept() {
    lease();
    ProductCache.Miss miss = cache.beginMiss("Tux");
    cache.drop();
    lease();
    cache.fill(miss, product("Tux", 1));

    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  @DisplayName("A dropped session is forgotten altogether")
  void aDroppedSessionIsForgottenAltogether() {
    lease();
    fill("Tux", 1);
    ProductCache.PendingRenewal before = cache.beginRenewal("http://front");
    assertThat(before.message().catalog()).isEqualTo(CATALOG);
    assertThat(cache.granted(before, grant(Duration.ZERO, false))).isFalse();

    CacheLeaseMessages.Renewal next = cache.beginRenewal("http://front").message();
    assertThat(next.session()).isNotEqualTo(before.message().session());
    assertThat(next.catalog()).isNull();
    assertThat(cache.leaseValid()).isFalse();
    cache.granted(before, grant(LEASE, true));
    assertThat(cache.leaseValid()).as("a late grant is for the old session").isFalse();
    assertThat(cache.invalidate(before.message().session(), List.of("Tux"))).isFalse();
    lease();
    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  @DisplayName("An invalidation of another session is refused")
  void anInvalidationOfAnotherSessionIsRefused() {
    lease();
    fill("Tux", 1);

    assertThat(cache.invalidate(Uuids.fresh(), List.of("Tux"))).isFalse();
    assertThat(cache.get("Tux")).isNotNull();
    assertThat(count("invalidations")).isZero();
  }

  @Test
  @DisplayName("More than fits evicts")
  void moreThanFitsEvicts() {
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
