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
import toystore.node.rpc.LeaderObserver;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.Hold;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;

/** A catalog that records the batches that it receives, and answers as the test specifies. */
final class FakeCatalog {
  private final LinkedBlockingQueue<Hold.Batch> received = new LinkedBlockingQueue<>();
  private final Function<Hold.Batch, CompletableFuture<NodeReply>> answer;
  private volatile Duration lastTimeout = Duration.ZERO;

  FakeCatalog(Function<Hold.Batch, CompletableFuture<NodeReply>> answer) {
    this.answer = answer;
  }

  LeaderClient client() {
    StoreConfig config = StoreConfig.load(null);
    return new LeaderClient(this::call, config, config.nodes(Role.CATALOG), LeaderObserver.NONE);
  }

  private CompletableFuture<NodeReply> call(String url, byte @Nullable [] body, Duration timeout) {
    if (!url.endsWith(ApiPaths.HOLDS)) {
      throw new AssertionError("unexpected call of " + url);
    }
    Hold.Batch batch;
    try {
      batch = MessageCodec.fromCbor(Objects.requireNonNull(body), Hold.Batch.class);
    } catch (IOException e) {
      throw new AssertionError("not a batch of holds", e);
    }
    // The answer comes first, so that a test which has seen the batch can rely on it.
    CompletableFuture<NodeReply> reply = answer.apply(batch);
    lastTimeout = timeout;
    received.add(batch);
    return reply;
  }

  static NodeReply answers(List<Hold.Answer> answers) {
    return new NodeReply(200, MessageCodec.toCbor(new Hold.Answers(answers)), null);
  }

  static CompletableFuture<NodeReply> status(int status) {
    return CompletableFuture.completedFuture(new NodeReply(status, new byte[0], null));
  }

  /** Waits for the next call. */
  Hold.Batch next() throws InterruptedException {
    Hold.Batch batch = received.poll(10, TimeUnit.SECONDS);
    if (batch == null) {
      throw new AssertionError("the catalog received no more calls");
    }
    return batch;
  }

  /** The time limit of the last call. */
  Duration lastTimeout() {
    return lastTimeout;
  }

  boolean hasNoMoreCalls() {
    return received.isEmpty();
  }
}
