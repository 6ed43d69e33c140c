package toystore.frontend;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import toystore.api.ApiException;
import toystore.api.Json;
import toystore.api.Paths;
import toystore.api.Purchase;
import toystore.api.StoreConfig;
import toystore.calls.Caller;
import toystore.calls.Deadline;
import toystore.server.Batcher;
import toystore.server.LeaderRoute;
import toystore.server.OverloadedException;
import toystore.server.Timed;

/**
 * Brings purchases to the order leader in batches. A purchase whose outcome is not known goes on
 * under the same order id until its deadline.
 */
final class PurchaseDesk implements AutoCloseable {
  private static final long PAUSE_MS = 10;
  private static final String NO_ANSWER = "no answer";

  private final LeaderRoute orders;
  private final Duration patience;
  private final DistributionSummary batchSize;
  private final Batcher<Timed<Purchase>, Purchase.Answer> batches;

  PurchaseDesk(LeaderRoute orders, StoreConfig config, MeterRegistry metrics) {
    this.orders = orders;
    this.patience = config.http().requestDeadline();
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
            Timed::isWanted,
            this::send);
  }

  /**
   * Buys. The answer is final: never {@link Purchase.Undecided}.
   *
   * @throws ApiException 503 if the deadline passes first: then the outcome is not known
   */
  Purchase.Answer buy(Purchase purchase) throws InterruptedException {
    Deadline deadline = Deadline.in(patience);
    String why = NO_ANSWER;
    boolean sent = false;
    while (!deadline.passed()) {
      try {
        Purchase.Answer answer = deadline.await(batches.submit(new Timed<>(purchase, deadline)));
        if (!(answer instanceof Purchase.Undecided undecided)) {
          return answer;
        }
        sent = true;
        why = reason(why, undecided.why(), deadline);
      } catch (TimeoutException e) {
        break;
      } catch (ExecutionException e) {
        // Nothing was done with it, unless by an earlier attempt: then it may be an order already.
        if (e.getCause() instanceof OverloadedException overloaded && !sent) {
          throw overloaded;
        }
        if (e.getCause() instanceof TimeoutException) {
          break;
        }
        sent = true;
        why = reason(why, String.valueOf(e.getCause()), deadline);
      }
      Thread.sleep(Math.min(PAUSE_MS, deadline.left().toMillis()));
    }
    throw ApiException.unavailable(
        "the outcome is not known yet ("
            + why
            + "); repeating the request with the same Idempotency-Key is safe");
  }

  /** An attempt that the deadline cut short says less than the one before it. */
  private static String reason(String before, String now, Deadline deadline) {
    return deadline.passed() && !before.equals(NO_ANSWER) ? before : now;
  }

  private List<Purchase.Answer> send(List<Timed<Purchase>> batch) throws IOException {
    batchSize.record(batch.size());
    Deadline deadline = Timed.latest(batch);
    byte[] body = Json.toCbor(new Purchase.Batch(deadline.left().toMillis(), Timed.items(batch)));
    Caller.Reply reply = orders.call(Paths.PURCHASES, body, deadline);
    if (!reply.ok()) {
      throw new IOException("the order leader answered " + reply.status());
    }
    return Json.fromCbor(reply.body(), Purchase.Answers.class).answers();
  }

  @Override
  public void close() {
    batches.close();
  }
}
