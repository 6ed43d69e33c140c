package toystore.node.replica;

import io.helidon.webserver.http.Handler;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.db.log.IndeterminateException;
import toystore.db.log.NotLeaderException;
import toystore.db.log.ReplicatedLog;
import toystore.node.failure.MisdirectedException;
import toystore.node.rpc.MessageHandler;
import toystore.protocol.api.ApiException;

/**
 * Decides who may answer a request. There are three rules:
 *
 * <ul>
 *   <li>Requests that change something are answered by the leader only ({@link #leaderOnly}).
 *   <li>Reads of immutable data are answered by every member that has them. A member that lacks
 *       them first applies everything that was committed ({@link #awaitAllCommitted}).
 *   <li>Reads of data that change are answered by the leader only, after it has proved that it
 *       still leads ({@link LeaderReadCheck}).
 * </ul>
 */
public final class ReadGuard {
  private final String node;
  private final ReplicatedLog log;

  ReadGuard(String node, ReplicatedLog log) {
    this.node = node;
    this.log = log;
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
   * Creates the check for reads of data that change.
   *
   * @param open waits until the service of this leader may show its data
   * @param timeout the longest wait for each condition of the check
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
