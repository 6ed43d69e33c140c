package toystore.frontend;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.cache.ProductCache;
import com.github.benmanes.caffeine.cache.Ticker;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.node.failure.OverloadedException;
import toystore.node.rpc.Batcher;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.api.Product;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.ProductReadRequest;

/** Product queries: from the cache while its lease lasts, else from the catalog. */
final class ProductReader implements AutoCloseable {
  /** What a query is answered; with an age only where it is an old state, which may be wrong. */
  record Found(Product.Versioned product, @Nullable Duration age) {}

  private final @Nullable ProductCache cache;
  private final @Nullable StaleProducts lastKnown;
  private final LeaderClient catalog;
  private final Duration patience;
  private final Ticker ticker;
  private final DistributionSummary batchSize;

  // A query may only join a batch that is not under way yet: one that is may have been answered
  // with a state from before the query began.
  private final Batcher<String, ProductReadRequest.Answer> reads;
  private final Batcher<String, byte[]> listings;

  /**
   * A desk.
   *
   * @param cache null where the operator switched it off
   * @param lastKnown null where the operator wants no old answers
   */
  ProductReader(
      @Nullable ProductCache cache,
      @Nullable StaleProducts lastKnown,
      LeaderClient catalog,
      StoreConfig config,
      Ticker ticker,
      MeterRegistry metrics) {
    this.cache = cache;
    this.lastKnown = lastKnown;
    this.catalog = catalog;
    this.patience = config.http().requestDeadline();
    this.ticker = ticker;
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size")
            .tag("hop", "product_reads")
            .register(metrics);
    this.reads =
        new Batcher<>(
            "product-reads", config.batch().maxSize(), config.batch().maxQueued(), 2, this::fetch);
    this.listings =
        new Batcher<>(
            "product-lists", config.batch().maxSize(), config.batch().maxQueued(), 2, this::list);
  }

  /**
   * The product as it is published. A catalog that is being restarted is waited for; only where the
   * operator chose so, the product as it was last known is given instead.
   *
   * @throws ApiException 404 if there is none, 503 if the catalog does not answer in time
   */
  Found product(String name) throws InterruptedException {
    long begunNanos = ticker.read();
    Product.Versioned cached = cache == null ? null : cache.get(name);
    if (cached != null) {
      return fresh(cached, begunNanos);
    }
    StaleProducts.Old old = lastKnown == null ? null : lastKnown.whileOut(name);
    if (old != null) {
      return new Found(old.product(), old.age());
    }
    Deadline deadline = Deadline.in(patience);
    ProductCache.Miss miss = cache == null ? null : cache.beginMiss(name);
    CompletableFuture<ProductReadRequest.Answer> reading = reads.submit(name);
    old = lastKnown == null ? null : lastKnown.unlessAnswered(reading, name, deadline);
    if (old != null) {
      return new Found(old.product(), old.age());
    }
    ProductReadRequest.Answer answer = await(reading, deadline);
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
    if (lastKnown != null) {
      lastKnown.saw(product, begunNanos);
    }
    return new Found(product, null);
  }

  private static <T> T await(CompletableFuture<T> reading, Deadline deadline)
      throws InterruptedException {
    try {
      return reading.get(deadline.left().toMillis(), TimeUnit.MILLISECONDS);
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

  private List<ProductReadRequest.Answer> fetch(List<String> names) throws IOException {
    batchSize.record(names.size());
    NodeReply reply =
        catalog.call(
            ApiPaths.PRODUCT_READS,
            MessageCodec.toCbor(new ProductReadRequest(names)),
            Deadline.in(patience));
    if (!reply.ok()) {
      throw new IOException("the catalog answered " + reply.status());
    }
    return MessageCodec.fromCbor(reply.body(), ProductReadRequest.Answers.class).answers();
  }

  /** All products, always from the catalog, as its JSON. */
  byte[] all() throws InterruptedException {
    return await(listings.submit(ApiPaths.PRODUCTS), Deadline.in(patience));
  }

  /** One listing serves all who asked for it before it began. */
  private List<byte[]> list(List<String> paths) {
    NodeReply reply = catalog.call(paths.getFirst(), null, Deadline.in(patience));
    if (!reply.ok()) {
      throw ApiException.unavailable("the catalog answered " + reply.status());
    }
    return Collections.nCopies(paths.size(), reply.body());
  }

  @Override
  public void close() {
    reads.close();
    listings.close();
  }
}
