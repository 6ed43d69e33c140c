package toystore.order;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import toystore.client.Deadline;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;
import toystore.node.failure.OverloadedException;
import toystore.protocol.message.PurchaseRequest;

/** The result of waiting for a future: its value, or the reason why there is none. */
sealed interface AwaitedResult<T> {
  /** The reason that clients read if a purchase is not decided in time. */
  String DEADLINE_PASSED = "the deadline passed";

  record Value<T>(T value) implements AwaitedResult<T> {}

  record Failure<T>(Throwable cause) implements AwaitedResult<T> {
    /** The failure of a stage of a future. */
    static <T> Failure<T> of(Throwable e) {
      return new Failure<>(
          e instanceof CompletionException && e.getCause() != null ? e.getCause() : e);
    }

    PurchaseRequest.Undecided undecided() {
      return new PurchaseRequest.Undecided(
          switch (cause) {
            case NotLeaderException notLeader -> "the leader has changed";
            case IndeterminateException unknown ->
                "the leader has changed while the order was written";
            case OverloadedException overloaded -> "too many purchases wait";
            case TimeoutException timeout -> DEADLINE_PASSED;
            case InterruptedException stopping -> "the replica is stopping";
            default -> String.valueOf(cause.getMessage());
          });
    }
  }

  /** Waits until the future is done or the deadline passes. */
  static <T> AwaitedResult<T> await(CompletableFuture<T> future, Deadline deadline) {
    try {
      return new Value<>(deadline.await(future));
    } catch (ExecutionException e) {
      return new Failure<>(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      return new Failure<>(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Failure<>(e);
    }
  }
}
