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
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.node.failure.OverloadedException;
import toystore.node.rpc.Batcher;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.ProductReadRequest;

/** Reads published products from the catalog leader. Requests that wait share one call. */
final class CatalogReader implements AutoCloseable {
  private static final int LANES = 2;

  private final LeaderClient catalog;
  private final Duration timeout;
  private final DistributionSummary batchSize;

  // A query may join a batch that waits, but not a batch that is in flight: the answer to that one
  // may describe a state from before the query began.
  private final Batcher<String, ProductReadRequest.Answer> reads;
  private final Batcher<String, byte[]> listings;

  CatalogReader(LeaderClient catalog, StoreConfig config, MeterRegistry metrics) {
    this.catalog = catalog;
    this.timeout = config.http().requestDeadline();
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size")
            .tag("hop", "product_reads")
            .register(metrics);
    int maxBatch = config.batch().maxSize();
    int maxQueued = config.batch().maxQueued();
    this.reads = new Batcher<>("product-reads", maxBatch, maxQueued, LANES, this::fetch);
    this.listings = new Batcher<>("product-lists", maxBatch, maxQueued, LANES, this::fetchListing);
  }

  /** Requests one product. Use {@link #await} to wait for the answer. */
  CompletableFuture<ProductReadRequest.Answer> read(String name) {
    return reads.submit(name);
  }

  /**
   * Returns all products as the JSON of the catalog.
   *
   * @throws ApiException 503 if the catalog does not answer in time
   */
  byte[] readAll() throws InterruptedException {
    return await(listings.submit(ApiPaths.PRODUCTS), Deadline.in(timeout));
  }

  /**
   * Waits for an answer of the catalog.
   *
   * @throws ApiException 503 if the catalog does not answer before the deadline
   */
  static <T> T await(CompletableFuture<T> answer, Deadline deadline) throws InterruptedException {
    try {
      return answer.get(deadline.left().toMillis(), TimeUnit.MILLISECONDS);
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
            Deadline.in(timeout));
    if (!reply.ok()) {
      throw new IOException("the catalog answered " + reply.status());
    }
    return MessageCodec.fromCbor(reply.body(), ProductReadRequest.Answers.class).answers();
  }

  /** Fetches one listing for all requests that were submitted before the call. */
  private List<byte[]> fetchListing(List<String> paths) {
    NodeReply reply = catalog.call(paths.getFirst(), null, Deadline.in(timeout));
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
