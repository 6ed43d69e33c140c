package toystore.frontend;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
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

/**
 * Brings purchases to the order leader in batches. A purchase whose outcome is not known goes on
 * under the same order id until its deadline.
 */
final class PurchaseDesk implements AutoCloseable {
  private static final long PAUSE_MS = 10;
  private static final String NO_ANSWER = "no answer";

  private record Waiting(Purchase purchase, Deadline deadline) {}

  private final LeaderRoute orders;
  private final Duration patience;
  private final DistributionSummary batchSize;
  private final Batcher<Waiting, Purchase.Answer> batches;

  PurchaseDesk(LeaderRoute orders, StoreConfig config, MeterRegistry metrics) {
    this.orders = orders;
    this.patience = config.http().requestDeadline();
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size")
            .tag("hop", "purchases")
            .register(metrics);
    this.batches =
        new Batcher<>(
            "purchase-batch", config.batch().maxSize(), config.batch().maxQueued(), 2, this::send);
  }

  /**
   * Buys. The answer is final: never {@link Purchase.Undecided}.
   *
   * @throws ApiException 503 if the deadline passes first: then the outcome is not known
   */
  Purchase.Answer buy(Purchase purchase) throws InterruptedException {
    Deadline deadline = Deadline.in(patience);
    String why = NO_ANSWER;
    while (!deadline.passed()) {
      try {
        Purchase.Answer answer = deadline.await(batches.submit(new Waiting(purchase, deadline)));
        if (!(answer instanceof Purchase.Undecided undecided)) {
          return answer;
        }
        why = reason(why, undecided.why(), deadline);
      } catch (TimeoutException e) {
        break;
      } catch (ExecutionException e) {
        if (e.getCause() instanceof OverloadedException overloaded) {
          throw overloaded;
        }
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

  private List<Purchase.Answer> send(List<Waiting> batch) throws IOException {
    // Whoever asked for what is past its deadline has been told that the outcome is not known.
    List<Integer> live =
        IntStream.range(0, batch.size())
            .filter(i -> !batch.get(i).deadline().passed())
            .boxed()
            .toList();
    List<Purchase.Answer> answers =
        new ArrayList<>(
            Collections.nCopies(batch.size(), new Purchase.Undecided("the deadline passed")));
    if (!live.isEmpty()) {
      List<Purchase.Answer> given =
          call(
              live.stream().map(i -> batch.get(i).purchase()).toList(),
              batch.get(live.getLast()).deadline());
      for (int i = 0; i < live.size(); i++) {
        answers.set(live.get(i), given.get(i));
      }
    }
    return answers;
  }

  private List<Purchase.Answer> call(List<Purchase> wanted, Deadline deadline) throws IOException {
    batchSize.record(wanted.size());
    byte[] body = Json.toCbor(new Purchase.Batch(deadline.left().toMillis(), wanted));
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
