package toystore.node.replica;

import io.helidon.webserver.http.Handler;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.node.failure.MisdirectedException;
import toystore.node.rpc.MessageHandler;
import toystore.protocol.api.ApiException;

/**
 * Decides whether this member may answer a request. There are four rules:
 *
 * <ul>
 *   <li><b>Changes</b>: only the leader answers ({@link #leaderOnly}).
 *   <li><b>Reads of rows that never change</b>: any member that has the row answers. A member that
 *       does not have it first applies everything that was committed ({@link #findImmutable}).
 *   <li><b>Listings of such rows</b>: any member answers, after it has applied everything that was
 *       committed ({@link #awaitAllCommitted}).
 *   <li><b>Reads of rows that change</b>: only the leader answers, after it was confirmed as the
 *       leader ({@link #leaderReads}).
 * </ul>
 *
 * <p>Requests that compare or copy one replica ask for the rows of that replica as they are. They
 * need no rule.
 */
public final class ReadGuard {
  private final String node;
  private final ReplicatedLog log;

  ReadGuard(String node, ReplicatedLog log) {
    this.node = node;
    this.log = log;
  }

  /** Finds a row in the state of this member. */
  @FunctionalInterface
  public interface Lookup<T> {
    /** Returns null if this member does not have the row. */
    @Nullable T find();
  }

  /**
   * Reads a row that never changes. If this member does not have it, it may only be behind.
   * Therefore it applies everything that was committed, and looks again.
   *
   * @return null if no such row was committed when this method was called
   * @throws ApiException 503 if no leader confirms the commit index in time
   */
  public <T> @Nullable T findImmutable(Lookup<T> lookup, Duration timeout)
      throws InterruptedException {
    T row = lookup.find();
    if (row != null) {
      return row;
    }
    awaitAllCommitted(timeout);
    return lookup.find();
  }

  /**
   * Waits until this member has applied everything that was committed when this method was called.
   *
   * @throws ApiException 503 if no leader confirms the commit index in time
   */
  public void awaitAllCommitted(Duration timeout) throws InterruptedException {
    try {
      log.barrier().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new ApiException(503, "no leader can confirm now what this replica lacks", e);
    }
  }

  /**
   * Creates the check for reads of rows that change.
   *
   * @param open waits until the service of this leader may publish its rows
   * @param timeout the maximum wait for each condition of the check
   */
  public LeaderReadCheck leaderReads(LeaderReadCheck.Condition open, Duration timeout) {
    return new LeaderReadCheck(log::status, open, this::awaitAllCommitted, timeout);
  }

  /** Wraps a handler: it answers 421 with the name of the leader if this member does not lead. */
  public Handler leaderOnly(Handler handler) {
    return (request, response) ->
        ifLeading(
            () -> {
              handler.handle(request, response);
              return response;
            });
  }

  /** Wraps a handler of messages in the same way. */
  public <T> MessageHandler<T> leaderOnly(MessageHandler<T> handler) {
    return message -> ifLeading(() -> handler.answer(message));
  }

  private <T> T ifLeading(Callable<T> work) throws Exception {
    if (!log.leads()) {
      throw new MisdirectedException(node, log.status().leader());
    }
    try {
      return work.call();
    } catch (NotLeaderException e) {
      throw new MisdirectedException(node, e.leader());
    } catch (IndeterminateException | TimeoutException e) {
      throw new ApiException(503, "the outcome is unknown; a retry is safe", e);
    }
  }
}
