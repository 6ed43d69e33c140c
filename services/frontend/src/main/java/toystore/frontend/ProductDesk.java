package toystore.frontend;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.api.ApiException;
import toystore.api.Json;
import toystore.api.Paths;
import toystore.api.Product;
import toystore.api.ProductReads;
import toystore.api.StoreConfig;
import toystore.server.Batcher;
import toystore.server.Caller;
import toystore.server.Deadline;
import toystore.server.LeaderRoute;
import toystore.server.OverloadedException;

/** Product queries: from the cache while its lease lasts, else from the catalog. */
final class ProductDesk implements AutoCloseable {
  private final @Nullable ProductCache cache;
  private final LeaderRoute catalog;
  private final Duration patience;
  private final DistributionSummary batchSize;

  // A query may only join a batch that is not under way yet: one that is may have been answered
  // with a state from before the query began.
  private final Batcher<String, ProductReads.Answer> reads;

  /**
   * A desk.
   *
   * @param cache null where the operator switched it off
   */
  ProductDesk(
      @Nullable ProductCache cache,
      LeaderRoute catalog,
      StoreConfig config,
      MeterRegistry metrics) {
    this.cache = cache;
    this.catalog = catalog;
    this.patience = config.http().requestDeadline();
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size")
            .tag("hop", "product_reads")
            .register(metrics);
    this.reads =
        new Batcher<>(
            "product-reads", config.batch().maxSize(), config.batch().maxQueued(), 2, this::fetch);
  }

  /**
   * The product as it is published.
   *
   * @throws ApiException 404 if there is none, 503 if the catalog does not answer in time
   */
  Product.Versioned product(String name) throws InterruptedException {
    Product.Versioned cached = cache == null ? null : cache.get(name);
    if (cached != null) {
      return cached;
    }
    ProductCache.Miss miss = cache == null ? null : cache.beginMiss(name);
    ProductReads.Answer answer = read(name);
    Product.Versioned product = answer.product();
    if (product == null) {
      throw ApiException.notFound("product not found");
    }
    if (cache != null && miss != null && answer.cacheable()) {
      cache.fill(miss, product);
    }
    return product;
  }

  private ProductReads.Answer read(String name) throws InterruptedException {
    try {
      return reads.submit(name).get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new ApiException(503, "the catalog does not answer", e);
    } catch (ExecutionException e) {
      throw unavailable(e);
    }
  }

  private static RuntimeException unavailable(ExecutionException e) {
    return switch (e.getCause()) {
      case ApiException known -> known;
      case OverloadedException overloaded -> overloaded;
      case null, default -> new ApiException(503, "the catalog does not answer", e);
    };
  }

  private List<ProductReads.Answer> fetch(List<String> names) throws IOException {
    batchSize.record(names.size());
    Caller.Reply reply =
        catalog.call(
            Paths.PRODUCT_READS, Json.toCbor(new ProductReads(names)), Deadline.in(patience));
    if (!reply.ok()) {
      throw new IOException("the catalog answered " + reply.status());
    }
    return Json.fromCbor(reply.body(), ProductReads.Answers.class).answers();
  }

  /** All products, always from the catalog, as its JSON. */
  byte[] all() {
    Caller.Reply reply = catalog.call(Paths.PRODUCTS, null, Deadline.in(patience));
    if (!reply.ok()) {
      throw ApiException.unavailable("the catalog answered " + reply.status());
    }
    return reply.body();
  }

  @Override
  public void close() {
    reads.close();
  }
}
