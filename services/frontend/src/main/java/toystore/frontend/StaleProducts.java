package toystore.frontend;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.cache.ProductCache;
import toystore.client.Deadline;
import toystore.config.CacheSettings;
import toystore.protocol.api.Product;

/**
 * The last known states of products, which the front end shows with their age while the catalog is
 * down, if the operator chose so ({@code cache.serve-stale}). They belong to no session and no
 * lease, so they are never shown as current.
 *
 * <p>The catalog counts as down when it has not answered a query for a quarter of a lease and the
 * cache has no valid lease either. One of these alone is not enough: a busy catalog answers late,
 * and a lease also expires while this process hangs. While the catalog counts as down, queries are
 * answered at once with old states. This ends when the lease is valid again or a query is answered.
 */
final class StaleProducts {
  /** A product, and a time at which this state was published. */
  private record Known(Product.Versioned product, long nanos) {}

  /** A product, and the time since this state was known to be published. */
  record Stale(Product.Versioned product, Duration age) {}

  private final ProductCache cache;
  private final Ticker ticker;
  private final Duration answerTimeout;
  private final Counter served;
  private final Cache<String, Known> products;
  private volatile boolean catalogDown;

  StaleProducts(ProductCache cache, CacheSettings settings, Ticker ticker, MeterRegistry metrics) {
    this.cache = cache;
    this.ticker = ticker;
    this.answerTimeout = settings.lease().dividedBy(4);
    this.served = metrics.counter("toystore.stale.reads");
    this.products =
        Caffeine.newBuilder().maximumSize(settings.size()).executor(Runnable::run).build();
  }

  /** Records a state of a product that was published at some time since {@code sinceNanos}. */
  void record(Product.Versioned product, long sinceNanos) {
    products
        .asMap()
        .merge(product.product().name(), new Known(product, sinceNanos), StaleProducts::later);
    if (catalogDown) {
      catalogDown = false;
    }
  }

  /** Answers may arrive in any order, so the version decides. */
  private static Known later(Known before, Known now) {
    return before.product().version() > now.product().version() ? before : now;
  }

  /** Returns the last known state if the catalog counts as down, otherwise null. */
  @Nullable Stale ifCatalogDown(String name) {
    if (catalogDown && cache.leaseValid()) {
      catalogDown = false;
    }
    return catalogDown ? serve(name) : null;
  }

  /**
   * Waits for an answer of the catalog. Returns the last known state if the catalog turns out to be
   * down. Returns null if there is an answer, or if the caller should go on waiting for it.
   */
  @Nullable Stale ifUnanswered(Future<?> answer, String name, Deadline deadline)
      throws InterruptedException {
    while (products.getIfPresent(name) != null && !deadline.passed()) {
      boolean failed = false;
      try {
        answer.get(answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
        return null;
      } catch (ExecutionException e) {
        failed = true;
      } catch (TimeoutException e) {
        // The lease decides below whether the catalog is down.
      }
      if (!cache.leaseValid()) {
        catalogDown = true;
        return serve(name);
      }
      if (failed) {
        return null;
      }
    }
    return null;
  }

  /** The number of products with a known state. */
  long size() {
    return products.estimatedSize();
  }

  private @Nullable Stale serve(String name) {
    Known last = products.getIfPresent(name);
    if (last == null) {
      return null;
    }
    served.increment();
    return new Stale(last.product(), Duration.ofNanos(ticker.read() - last.nanos()));
  }
}
