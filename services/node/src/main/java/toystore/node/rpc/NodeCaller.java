package toystore.node.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.NoResponsePolicy;
import toystore.protocol.message.NodeReply;

/**
 * Calls to other nodes. A call is one attempt; the caller decides whether to retry it. Calls must
 * be idempotent, because a call may have been executed although no response arrived.
 */
public interface NodeCaller {
  /**
   * Sends a message, or an HTTP GET request if the body is null. The future fails with an {@link
   * java.io.IOException} if no response arrives. In that case the call may or may not have been
   * executed. Cancelling the future closes the connection.
   */
  CompletableFuture<NodeReply> call(String url, byte @Nullable [] body, Duration timeout);

  /**
   * Like {@link #call}, but waits for the response.
   *
   * @throws IOException if no response arrives in time, or the silence check gives up. The call may
   *     or may not have been executed
   */
  default NodeReply send(
      String url, byte @Nullable [] body, Duration timeout, NoResponsePolicy silence)
      throws IOException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    CompletableFuture<NodeReply> reply = call(url, body, timeout);
    try {
      while (true) {
        long wait = Math.min(silence.interval().toMillis(), deadline.left().toMillis() + 1);
        try {
          return reply.get(wait, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (deadline.passed() || !silence.keepWaiting().getAsBoolean()) {
            throw new IOException("no answer", e);
          }
        }
      }
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e);
    } finally {
      reply.cancel(true);
    }
  }
}
