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
import toystore.api.Hold;
import toystore.api.Json;
import toystore.api.Paths;
import toystore.api.Role;
import toystore.api.StoreConfig;
import toystore.calls.Caller;
import toystore.server.LeaderRoute;

/** A catalog that keeps what it is told, in order, and answers as the test says. */
final class TestCatalog {
  private final LinkedBlockingQueue<Hold.Batch> received = new LinkedBlockingQueue<>();
  private final Function<Hold.Batch, CompletableFuture<Caller.Reply>> answer;
  private volatile Duration lastTimeout = Duration.ZERO;

  TestCatalog(Function<Hold.Batch, CompletableFuture<Caller.Reply>> answer) {
    this.answer = answer;
  }

  LeaderRoute route() {
    StoreConfig config = StoreConfig.load(null);
    return new LeaderRoute(
        this::call, config, config.nodes(Role.CATALOG), LeaderRoute.OnLeader.NOBODY);
  }

  private CompletableFuture<Caller.Reply> call(
      String url, byte @Nullable [] body, Duration timeout) {
    if (!url.endsWith(Paths.HOLDS)) {
      throw new AssertionError("the catalog is not asked for " + url);
    }
    Hold.Batch batch;
    try {
      batch = Json.fromCbor(Objects.requireNonNull(body), Hold.Batch.class);
    } catch (IOException e) {
      throw new AssertionError("not a batch of holds", e);
    }
    // First, so that a test which has seen the batch may count on its answer.
    CompletableFuture<Caller.Reply> reply = answer.apply(batch);
    lastTimeout = timeout;
    received.add(batch);
    return reply;
  }

  static Caller.Reply answers(List<Hold.Answer> answers) {
    return new Caller.Reply(200, Json.toCbor(new Hold.Answers(answers)), null);
  }

  static CompletableFuture<Caller.Reply> status(int status) {
    return CompletableFuture.completedFuture(new Caller.Reply(status, new byte[0], null));
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
