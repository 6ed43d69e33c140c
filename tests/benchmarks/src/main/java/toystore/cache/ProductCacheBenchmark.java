package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import toystore.config.CacheSettings;
import toystore.config.StoreConfig;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.tests.benchmarks.BenchmarkSettings;

/** Measures a cached product query without HTTP. */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ProductCacheBenchmark extends BenchmarkSettings {
  private final ProductCache cache = filled();

  private static ProductCache filled() {
    CacheSettings settings = StoreConfig.load(null).cache();
    ProductCache filled =
        ProductCache.create(settings, Ticker.systemTicker(), new SimpleMeterRegistry());
    CacheLeaseMessages.Grant day = new CacheLeaseMessages.Grant(86_400_000, true, Uuids.fresh());
    if (!filled.processGrant(filled.beginRenewal("http://benchmark"), day)) {
      throw new IllegalStateException("no lease");
    }
    Product.Versioned tux = new Product.Versioned(new Product("Tux", new Price(1599), 100), 1);
    filled.fill(filled.beginMiss("Tux"), tux);
    return filled;
  }

  /** A query of a cached product under a valid lease. */
  @Benchmark
  public Product.@Nullable Versioned hit() {
    return cache.get("Tux");
  }
}
