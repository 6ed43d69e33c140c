package toystore.frontend;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import toystore.client.Deadline;
import toystore.config.StoreConfig;
import toystore.node.failure.OverloadedException;
import toystore.node.rpc.Batcher;
import toystore.node.rpc.DeadlineItem;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;
import toystore.protocol.message.PurchaseRequest;

/**
 * Sends purchases to the order leader in batches. While the outcome of a purchase is not known,
 * sends it again under the same order id until its deadline.
 */
final class PurchaseForwarder implements AutoCloseable {
  private static final long RETRY_PAUSE_MS = 10;
  private static final String NO_ANSWER = "no answer";

  private final LeaderClient orders;
  private final Duration timeout;
  private final DistributionSummary batchSize;
  private final Batcher<DeadlineItem<PurchaseRequest>, PurchaseRequest.Answer> batches;

  PurchaseForwarder(LeaderClient orders, StoreConfig config, MeterRegistry metrics) {
    this.orders = orders;
    this.timeout = config.http().requestDeadline();
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size")
            .tag("hop", "purchases")
            .register(metrics);
    this.batches =
        new Batcher<>(
            "purchase-batch",
            config.batch().maxSize(),
            config.batch().maxQueued(),
            2,
            DeadlineItem::isWanted,
            this::send);
  }

  /**
   * Makes a purchase. The answer is final, so it is never {@link PurchaseRequest.Undecided}.
   *
   * @throws ApiException 503 if the deadline passes first; the outcome is then not known
   */
  PurchaseRequest.Answer buy(PurchaseRequest purchase) throws InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    String why = NO_ANSWER;
    boolean sent = false;
    while (!deadline.passed()) {
      try {
        PurchaseRequest.Answer answer =
            deadline.await(batches.submit(new DeadlineItem<>(purchase, deadline)));
        if (!(answer instanceof PurchaseRequest.Undecided undecided)) {
          return answer;
        }
        sent = true;
        why = reason(why, undecided.why(), deadline);
      } catch (TimeoutException e) {
        break;
      } catch (ExecutionException e) {
        // This attempt was not sent. An earlier attempt may already have become an order.
        if (e.getCause() instanceof OverloadedException overloaded && !sent) {
          throw overloaded;
        }
        if (e.getCause() instanceof TimeoutException) {
          break;
        }
        sent = true;
        why = reason(why, String.valueOf(e.getCause()), deadline);
      }
      Thread.sleep(Math.min(RETRY_PAUSE_MS, deadline.left().toMillis()));
    }
    throw ApiException.unavailable(
        "the outcome is not known yet ("
            + why
            + "); repeating the request with the same Idempotency-Key is safe");
  }

  /**
   * Chooses the reason that the client gets. An attempt that failed because the deadline passed
   * explains less than the attempt before it.
   */
  private static String reason(String previous, String latest, Deadline deadline) {
    return deadline.passed() && !previous.equals(NO_ANSWER) ? previous : latest;
  }

  private List<PurchaseRequest.Answer> send(List<DeadlineItem<PurchaseRequest>> batch)
      throws IOException {
    batchSize.record(batch.size());
    Deadline deadline = DeadlineItem.latest(batch);
    byte[] body =
        MessageCodec.toCbor(
            new PurchaseRequest.Batch(deadline.left().toMillis(), DeadlineItem.items(batch)));
    NodeReply reply = orders.call(ApiPaths.PURCHASES, body, deadline);
    if (!reply.ok()) {
      throw new IOException("the order leader answered " + reply.status());
    }
    return MessageCodec.fromCbor(reply.body(), PurchaseRequest.Answers.class).answers();
  }

  @Override
  public void close() {
    batches.close();
  }
}
