package toystore.frontend;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import toystore.api.Ids;
import toystore.api.Price;
import toystore.api.Product;

class ProductCacheTest {
  private static final UUID CATALOG = Ids.fresh();
  private static final int SIZE = 4;
  private static final long LEASE = Duration.ofSeconds(1).toNanos();

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5);
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final ProductCache cache = new ProductCache(SIZE, clock::get, metrics);

  private static Product.Versioned product(String name, long version) {
    return new Product.Versioned(new Product(name, new Price(1599), 100), version);
  }

  private void lease() {
    cache.leased(cache.session(), CATALOG, clock.get() + LEASE);
  }

  private void fill(String name, long version) {
    cache.fill(cache.beginMiss(name), product(name, version));
  }

  private double count(String name) {
    return metrics.counter("toystore.cache." + name).count();
  }

  @Test
  void whatAMissFoundIsAHitFromThenOn() {
    lease();
    assertThat(cache.get("Tux")).isNull();
    fill("Tux", 1);

    assertThat(cache.get("Tux")).isEqualTo(product("Tux", 1));
    assertThat(count("misses")).isEqualTo(1);
    assertThat(count("hits")).isEqualTo(1);
  }

  @Test
  void withoutALeaseNothingIsKept() {
    fill("Tux", 1);
    lease();

    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  void aMissThatBeganBeforeTheSessionIsNotKept() {
    ProductCache.Miss early = cache.beginMiss("Tux");
    lease();
    cache.fill(early, product("Tux", 1));

    assertThat(cache.get("Tux")).as("the catalog may have told of a change meanwhile").isNull();
  }

  @Test
  void theEndOfTheLeaseIsAMissAndARenewalBringsTheEntryBack() {
    lease();
    fill("Tux", 1);
    clock.addAndGet(LEASE - 1);
    assertThat(cache.get("Tux")).isNotNull();
    clock.addAndGet(1);
    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.leaseValid()).isFalse();
    fill("Fox", 1);
    lease();

    assertThat(cache.get("Tux")).as("the session was continued").isNotNull();
    assertThat(cache.get("Fox")).as("filled without a lease").isNull();
  }

  @Test
  void anInvalidationForgetsTheNamedProductsAndNoOthers() {
    lease();
    fill("Tux", 1);
    fill("Fox", 1);
    fill("Whale", 1);

    assertThat(cache.invalidate(cache.session().id, List.of("Tux", "Whale", "none"))).isTrue();
    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.get("Whale")).isNull();
    assertThat(cache.get("Fox")).isNotNull();
    assertThat(count("invalidations")).isEqualTo(3);
  }

  @Test
  void whatAMissFoundIsNotKeptIfAnInvalidationCameMeanwhile() {
    lease();
    ProductCache.Miss tux = cache.beginMiss("Tux");
    ProductCache.Miss fox = cache.beginMiss("Fox");
    cache.invalidate(cache.session().id, List.of("Tux"));
    cache.fill(tux, product("Tux", 1));
    cache.fill(fox, product("Fox", 1));

    assertThat(cache.get("Tux")).isNull();
    assertThat(cache.get("Fox")).isNotNull();
    fill("Tux", 2);
    assertThat(cache.get("Tux")).as("a later miss is kept").isEqualTo(product("Tux", 2));
  }

  @Test
  void aMissOfADroppedSessionIsNotKept() {
    lease();
    ProductCache.Miss miss = cache.beginMiss("Tux");
    cache.drop();
    lease();
    cache.fill(miss, product("Tux", 1));

    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  void aDroppedSessionIsForgottenAltogether() {
    lease();
    fill("Tux", 1);
    ProductCache.Session before = cache.session();
    cache.drop();

    assertThat(cache.session().id).isNotEqualTo(before.id);
    assertThat(cache.catalog(cache.session())).isNull();
    assertThat(cache.catalog(before)).isEqualTo(CATALOG);
    assertThat(cache.leaseValid()).isFalse();
    cache.leased(before, CATALOG, clock.get() + LEASE);
    assertThat(cache.leaseValid()).as("a late grant is for the old session").isFalse();
    assertThat(cache.invalidate(before.id, List.of("Tux"))).isFalse();
    lease();
    assertThat(cache.get("Tux")).isNull();
  }

  @Test
  void anInvalidationOfAnotherSessionIsRefused() {
    lease();
    fill("Tux", 1);

    assertThat(cache.invalidate(Ids.fresh(), List.of("Tux"))).isFalse();
    assertThat(cache.get("Tux")).isNotNull();
    assertThat(count("invalidations")).isZero();
  }

  @Test
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
