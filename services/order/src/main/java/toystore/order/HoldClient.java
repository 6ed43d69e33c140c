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
import toystore.config.BatchSettings;
import toystore.node.rpc.Batcher;
import toystore.node.rpc.DeadlineItem;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.Hold;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;

/**
 * Asks the catalog for holds, and reports which holds an order names (settled) and which no order
 * names (released). An outcome is sent with the next batch of holds, or alone if no batch is sent
 * within 100 ms.
 *
 * <p>An outcome that cannot be delivered by the deadline is dropped. Its hold becomes doubtful, and
 * the catalog asks the order log to resolve it (step 7 of a purchase).
 */
final class HoldClient implements AutoCloseable {
  private static final long OUTCOME_PERIOD_MS = 100;

  /** Maximum number of outcomes of each kind that are kept while the catalog is unreachable. */
  private static final int MAX_OUTCOMES = 4096;

  private final LeaderClient catalog;
  private final Duration outcomeTimeout;
  private final Batcher<DeadlineItem<Hold>, Hold.Answer> holds;
  private final ScheduledThreadPoolExecutor timer;

  private final Object lock = new Object();
  private List<UUID> settled = new ArrayList<>();
  private List<UUID> released = new ArrayList<>();

  /**
   * Creates a client of the catalog's leader.
   *
   * @param outcomeTimeout how long to try to deliver outcomes that are sent alone
   */
  HoldClient(LeaderClient catalog, Duration outcomeTimeout, BatchSettings sizes) {
    this.catalog = catalog;
    this.outcomeTimeout = outcomeTimeout;
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
    timer.scheduleWithFixedDelay(
        this::sendOutcomes, OUTCOME_PERIOD_MS, OUTCOME_PERIOD_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * Asks the catalog to hold stock. The calling thread sends the request itself if fewer than two
   * batches are under way. A hold that was not sent by the deadline is not sent any more.
   *
   * @return one answer for each hold, in order
   */
  List<CompletableFuture<Hold.Answer>> holdAll(List<Hold> wanted, Deadline deadline) {
    return holds.sendAll(wanted.stream().map(hold -> new DeadlineItem<>(hold, deadline)).toList());
  }

  /** Reports that an order names this hold. */
  void reportSettled(UUID holdId) {
    synchronized (lock) {
      if (settled.size() < MAX_OUTCOMES) {
        settled.add(holdId);
      }
    }
  }

  /** Reports that no order names this hold, and that none ever can. */
  void reportReleased(UUID holdId) {
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
      // The deadline of these holds may have been short. Reporting an outcome twice is harmless.
      outcomes.settled().forEach(this::reportSettled);
      outcomes.released().forEach(this::reportReleased);
      throw e;
    }
  }

  private void sendOutcomes() {
    Hold.Outcomes outcomes = takeOutcomes();
    if (outcomes.isEmpty()) {
      return;
    }
    try {
      post(new Hold.Batch(List.of(), outcomes), Deadline.in(outcomeTimeout));
    } catch (IOException | RuntimeException e) {
      System.getLogger(HoldClient.class.getName())
          .log(
              System.Logger.Level.INFO,
              "cannot report "
                  + outcomes.settled().size()
                  + " settled holds; the catalog will ask for them: "
                  + e);
    }
  }

  private List<Hold.Answer> post(Hold.Batch batch, Deadline deadline) throws IOException {
    NodeReply reply = catalog.call(ApiPaths.HOLDS, MessageCodec.toCbor(batch), deadline);
    if (!reply.ok()) {
      throw new IOException(
          "the catalog responded to a batch of holds with status " + reply.status());
    }
    return MessageCodec.fromCbor(reply.body(), Hold.Answers.class).answers();
  }

  /** Ends at once. The catalog will ask for the outcomes that were not delivered. */
  @Override
  public void close() {
    timer.shutdown();
    holds.close();
  }
}
