package toystore.order.log;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import toystore.db.log.ReplicatedLog;
import toystore.protocol.message.Hold;

/** Proposes commands to the replicated order log while this replica leads. */
public final class OrderProposer {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final OrderLog log;
  private final ReplicatedLog replicated;
  private final DistributionSummary batchSize;

  public OrderProposer(OrderLog log, ReplicatedLog replicated, MeterRegistry metrics) {
    this.log = log;
    this.replicated = replicated;
    this.batchSize =
        DistributionSummary.builder("toystore.batch.size").tag("hop", "log").register(metrics);
  }

  /**
   * The time for the next command, in milliseconds since 1970: this host's clock, but never before
   * the log's own time.
   */
  public long timeMs() {
    return Math.max(System.currentTimeMillis(), log.logTimeMs());
  }

  /**
   * Proposes a batch of entries as one command.
   *
   * @return one outcome for each entry, in order
   */
  public CompletableFuture<List<OrderLogCommand.Outcome>> place(List<OrderLogCommand.Entry> batch) {
    batchSize.record(batch.size());
    return replicated
        .submit(new OrderLogCommand.Place(timeMs(), batch).encode())
        .thenApply(applied -> outcomes(applied, batch.size()));
  }

  @SuppressWarnings("unchecked")
  private static List<OrderLogCommand.Outcome> outcomes(
      ReplicatedLog.Applied applied, int expected) {
    List<OrderLogCommand.Outcome> outcomes = (List<OrderLogCommand.Outcome>) applied.result();
    if (outcomes.size() != expected) {
      throw new IllegalStateException(
          "the log returned " + outcomes.size() + " outcomes for " + expected + " purchases");
    }
    return outcomes;
  }

  /** Step 7: the log decides doubtful holds. */
  public Hold.Outcomes resolve(List<Hold.InDoubt> holds) throws Exception {
    return (Hold.Outcomes) submit(new OrderLogCommand.Resolve(timeMs(), holds), TIMEOUT).result();
  }

  /**
   * Proposes a fence: an entry that changes nothing. Replicas can be compared up to its index. Its
   * result is the number of orders at that index.
   */
  public ReplicatedLog.Applied fence() throws Exception {
    return fence(TIMEOUT);
  }

  public ReplicatedLog.Applied fence(Duration timeout) throws Exception {
    return submit(new OrderLogCommand.Fence(timeMs()), timeout);
  }

  /** Deletes the tombstones from before a time. */
  void prune(long beforeMs) throws Exception {
    var _ = submit(new OrderLogCommand.Prune(timeMs(), beforeMs), TIMEOUT);
  }

  private ReplicatedLog.Applied submit(OrderLogCommand command, Duration timeout) throws Exception {
    try {
      return replicated.submit(command.encode()).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
