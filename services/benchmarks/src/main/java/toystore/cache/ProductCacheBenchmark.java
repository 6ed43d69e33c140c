package toystore.cache;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import toystore.api.CacheLease;
import toystore.api.Ids;
import toystore.api.Price;
import toystore.api.Product;
import toystore.api.StoreConfig;

/** What a cached product query costs besides HTTP. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ProductCacheBenchmark {
  private final ProductCache cache = filled();

  private static ProductCache filled() {
    StoreConfig.Cache settings = StoreConfig.load(null).cache();
    ProductCache filled = ProductCache.create(settings, Ticker.SYSTEM, new SimpleMeterRegistry());
    CacheLease.Grant day = new CacheLease.Grant(86_400_000, true, Ids.fresh());
    if (!filled.granted(filled.beginRenewal("http://benchmark"), day)) {
      throw new IllegalStateException("no lease");
    }
    Product.Versioned tux = new Product.Versioned(new Product("Tux", new Price(1599), 100), 1);
    filled.fill(filled.beginMiss("Tux"), tux);
    return filled;
  }

  /** A product that is there, under a valid lease. */
  @Benchmark
  public Product.@Nullable Versioned hit() {
    return cache.get("Tux");
  }
}
