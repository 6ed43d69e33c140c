package toystore.frontend;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import toystore.cache.ProductCache;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Product;
import toystore.protocol.message.ProductReadRequest;

/** Answers product queries: from the cache while its lease is valid, otherwise from the catalog. */
final class ProductReader {
  /**
   * The answer to a query.
   *
   * @param age the time since the product was known to be published like this; null if it is
   *     published like this now
   */
  record Found(Product.Versioned product, @Nullable Duration age) {
    private static Found stale(StaleProducts.Stale known) {
      return new Found(known.product(), known.age());
    }
  }

  private final @Nullable ProductCache cache;
  private final @Nullable StaleProducts staleProducts;
  private final CatalogReader catalog;
  private final Duration timeout;
  private final Ticker ticker;

  /**
   * Creates a reader.
   *
   * @param cache null if caching is switched off ({@code cache.enabled})
   * @param staleProducts null if old states are never shown ({@code cache.serve-stale})
   */
  ProductReader(
      @Nullable ProductCache cache,
      @Nullable StaleProducts staleProducts,
      CatalogReader catalog,
      StoreConfig config,
      Ticker ticker) {
    this.cache = cache;
    this.staleProducts = staleProducts;
    this.catalog = catalog;
    this.timeout = config.http().requestDeadline();
    this.ticker = ticker;
  }

  /**
   * Returns the product as it is published. If the catalog is being restarted, waits for it; only
   * with {@code cache.serve-stale}, returns an old state instead.
   *
   * @throws ApiException 404 if there is no such product, 503 if the catalog does not answer in
   *     time
   */
  Found product(String name) throws InterruptedException {
    long begunNanos = ticker.read();
    Product.Versioned cached = cache == null ? null : cache.get(name);
    if (cached != null) {
      return fresh(cached, begunNanos);
    }
    StaleProducts.Stale stale = staleProducts == null ? null : staleProducts.ifCatalogDown(name);
    if (stale != null) {
      return Found.stale(stale);
    }
    Deadline deadline = Deadline.in(timeout);
    ProductCache.Miss miss = cache == null ? null : cache.beginMiss(name);
    CompletableFuture<ProductReadRequest.Answer> pending = catalog.read(name);
    stale = staleProducts == null ? null : staleProducts.ifUnanswered(pending, name, deadline);
    if (stale != null) {
      return Found.stale(stale);
    }
    ProductReadRequest.Answer answer = CatalogReader.await(pending, deadline);
    Product.Versioned product = answer.product();
    if (product == null) {
      throw ApiException.notFound("product not found");
    }
    if (cache != null && miss != null && answer.cacheable()) {
      cache.fill(miss, product);
    }
    return fresh(product, begunNanos);
  }

  private Found fresh(Product.Versioned product, long begunNanos) {
    if (staleProducts != null) {
      staleProducts.record(product, begunNanos);
    }
    return new Found(product, null);
  }

  /** Returns all products as JSON, always from the catalog. */
  byte[] all() throws InterruptedException {
    return catalog.readAll();
  }
}
