package toystore.frontend;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.cache.ProductCache;
import com.github.benmanes.caffeine.cache.Ticker;
import toystore.client.Deadline;
import toystore.config.CacheSettings;
import toystore.protocol.api.Product;

/**
 * Products as this front end last knew them, for an operator who would rather have an old answer
 * than wait ({@code cache.serve-stale}). It belongs to no session and no lease: nothing in it may
 * pass for fresh.
 *
 * <p>The catalog counts as out once a query has not been answered for a quarter of a lease while
 * the cache has no valid lease either. One of them alone says little: a catalog that is busy
 * answers late, and a lease also runs out while this process hangs. From then on old answers come
 * at once, until the lease is back or a query is answered.
 */
final class StaleProducts {
  /** A product, and a moment at which it was published like that. */
  private record Seen(Product.Versioned product, long nanos) {}

  /** A product, and how long ago it was known to be published like that. */
  record Old(Product.Versioned product, Duration age) {}

  private final ProductCache cache;
  private final Ticker ticker;
  private final Duration soon;
  private final Counter served;
  private final Cache<String, Seen> seen;
  private volatile boolean out;

  StaleProducts(ProductCache cache, CacheSettings settings, Ticker ticker, MeterRegistry metrics) {
    this.cache = cache;
    this.ticker = ticker;
    this.soon = settings.lease().dividedBy(4);
    this.served = metrics.counter("toystore.stale.reads");
    this.seen = Caffeine.newBuilder().maximumSize(settings.size()).executor(Runnable::run).build();
  }

  /** At some moment since then, the product was published like that. */
  void saw(Product.Versioned product, long sinceNanos) {
    seen.asMap()
        .merge(product.product().name(), new Seen(product, sinceNanos), StaleProducts::later);
    if (out) {
      out = false;
    }
  }

  /** Answers may overtake each other. */
  private static Seen later(Seen before, Seen now) {
    return before.product().version() > now.product().version() ? before : now;
  }

  /** The product as it was, if the catalog is known to be out, else null. */
  @Nullable Old whileOut(String name) {
    if (out && cache.leaseValid()) {
      out = false;
    }
    return out ? serve(name) : null;
  }

  /** Waits for an answer. Null if there is one, or if it is better waited for. */
  @Nullable Old unlessAnswered(Future<?> answer, String name, Deadline deadline)
      throws InterruptedException {
    while (seen.getIfPresent(name) != null && !deadline.passed()) {
      boolean failed = false;
      try {
        answer.get(soon.toMillis(), TimeUnit.MILLISECONDS);
        return null;
      } catch (ExecutionException e) {
        failed = true;
      } catch (TimeoutException e) {
        // As below.
      }
      if (!cache.leaseValid()) {
        out = true;
        return serve(name);
      }
      if (failed) {
        return null;
      }
    }
    return null;
  }

  /** How many products are known. */
  long size() {
    return seen.estimatedSize();
  }

  private @Nullable Old serve(String name) {
    Seen last = seen.getIfPresent(name);
    if (last == null) {
      return null;
    }
    served.increment();
    return new Old(last.product(), Duration.ofNanos(ticker.read() - last.nanos()));
  }
}
