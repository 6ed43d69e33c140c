package toystore.order;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.node.rpc.Batcher;
import toystore.node.rpc.DeadlineItem;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Hold;
import toystore.protocol.message.NodeReply;

/**
 * The order leader's dealings with the catalog: new holds, and what became of earlier ones.
 * Outcomes ride with the next batch of holds; when none comes, they are sent alone after a moment.
 *
 * <p>Outcomes that cannot be told are dropped after the deadline: their holds become doubtful, and
 * the catalog asks for them.
 */
final class HoldClient implements AutoCloseable {
  private static final long IDLE_MS = 100;
  private static final int MAX_OUTCOMES = 4096;

  private final LeaderClient catalog;
  private final Duration patience;
  private final Batcher<DeadlineItem<Hold>, Hold.Answer> holds;
  private final ScheduledThreadPoolExecutor timer;

  private final Object lock = new Object();
  private List<UUID> settled = new ArrayList<>();
  private List<UUID> released = new ArrayList<>();

  /**
   * A desk at this catalog.
   *
   * @param patience how long outcomes that are sent alone may be tried to tell
   */
  HoldClient(LeaderClient catalog, Duration patience, StoreConfig.Batch sizes) {
    this.catalog = catalog;
    this.patience = patience;
    this.holds =
        new Batcher<>(
            "hold-batch",
            sizes.maxSize(),
            sizes.maxQueued(),
            2,
            DeadlineItem::isWanted,
            this::send);
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("hold-outcomes").factory());
    timer.scheduleWithFixedDelay(this::sendOutcomes, IDLE_MS, IDLE_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * Asks for stock, on this thread if no more is under way than may be. What is not asked before
   * the deadline is not asked for any more.
   */
  List<CompletableFuture<Hold.Answer>> holdAll(List<Hold> wanted, Deadline deadline) {
    return holds.sendAll(wanted.stream().map(hold -> new DeadlineItem<>(hold, deadline)).toList());
  }

  /** An order names this hold. */
  void settled(UUID holdId) {
    synchronized (lock) {
      if (settled.size() < MAX_OUTCOMES) {
        settled.add(holdId);
      }
    }
  }

  /** No order names this hold, and none can. */
  void released(UUID holdId) {
    synchronized (lock) {
      if (released.size() < MAX_OUTCOMES) {
        released.add(holdId);
      }
    }
  }

  private Hold.Outcomes takeOutcomes() {
    synchronized (lock) {
      Hold.Outcomes outcomes = new Hold.Outcomes(settled, released);
      if (!outcomes.isEmpty()) {
        settled = new ArrayList<>();
        released = new ArrayList<>();
      }
      return outcomes;
    }
  }

  private List<Hold.Answer> send(List<DeadlineItem<Hold>> batch) throws IOException {
    Hold.Outcomes outcomes = takeOutcomes();
    try {
      return post(new Hold.Batch(DeadlineItem.items(batch), outcomes), DeadlineItem.latest(batch));
    } catch (IOException | RuntimeException e) {
      // These holds may have had little time left; what is told once more is told for nothing.
      outcomes.settled().forEach(this::settled);
      outcomes.released().forEach(this::released);
      throw e;
    }
  }

  private void sendOutcomes() {
    Hold.Outcomes outcomes = takeOutcomes();
    if (outcomes.isEmpty()) {
      return;
    }
    try {
      post(new Hold.Batch(List.of(), outcomes), Deadline.in(patience));
    } catch (IOException | RuntimeException e) {
      System.getLogger(HoldClient.class.getName())
          .log(
              System.Logger.Level.INFO,
              "the catalog will ask for " + outcomes.settled().size() + " outcomes: " + e);
    }
  }

  private List<Hold.Answer> post(Hold.Batch batch, Deadline deadline) throws IOException {
    NodeReply reply = catalog.call(ApiPaths.HOLDS, Json.toCbor(batch), deadline);
    if (!reply.ok()) {
      throw new IOException("the catalog answered " + reply.status() + " to a batch of holds");
    }
    return Json.fromCbor(reply.body(), Hold.Answers.class).answers();
  }

  /** Ends at once: what has not been told is asked for by the catalog. */
  @Override
  public void close() {
    timer.shutdown();
    holds.close();
  }
}
