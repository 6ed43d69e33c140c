package toystore.order;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Hold;
import toystore.protocol.message.NodeReply;

/** A catalog that keeps what it is told, in order, and answers as the test says. */
final class FakeCatalog {
  private final LinkedBlockingQueue<Hold.Batch> received = new LinkedBlockingQueue<>();
  private final Function<Hold.Batch, CompletableFuture<NodeReply>> answer;
  private volatile Duration lastTimeout = Duration.ZERO;

  FakeCatalog(Function<Hold.Batch, CompletableFuture<NodeReply>> answer) {
    this.answer = answer;
  }

  LeaderClient route() {
    StoreConfig config = StoreConfig.load(null);
    return new LeaderClient(
        this::call, config, config.nodes(Role.CATALOG), LeaderClient.OnLeader.NOBODY);
  }

  private CompletableFuture<NodeReply> call(String url, byte @Nullable [] body, Duration timeout) {
    if (!url.endsWith(ApiPaths.HOLDS)) {
      throw new AssertionError("the catalog is not asked for " + url);
    }
    Hold.Batch batch;
    try {
      batch = Json.fromCbor(Objects.requireNonNull(body), Hold.Batch.class);
    } catch (IOException e) {
      throw new AssertionError("not a batch of holds", e);
    }
    // First, so that a test which has seen the batch may count on its answer.
    CompletableFuture<NodeReply> reply = answer.apply(batch);
    lastTimeout = timeout;
    received.add(batch);
    return reply;
  }

  static NodeReply answers(List<Hold.Answer> answers) {
    return new NodeReply(200, Json.toCbor(new Hold.Answers(answers)), null);
  }

  static CompletableFuture<NodeReply> status(int status) {
    return CompletableFuture.completedFuture(new NodeReply(status, new byte[0], null));
  }

  /** The next call of the desk, waited for. */
  Hold.Batch next() throws InterruptedException {
    Hold.Batch batch = received.poll(10, TimeUnit.SECONDS);
    if (batch == null) {
      throw new AssertionError("the catalog was not told anything more");
    }
    return batch;
  }

  /** How long the last call was to wait for its answer. */
  Duration lastTimeout() {
    return lastTimeout;
  }

  boolean toldNothingMore() {
    return received.isEmpty();
  }
}
