package toystore.node.rpc;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import toystore.client.Deadline;
import toystore.client.http.SilenceCheck;
import toystore.protocol.message.NodeReply;

/**
 * Calls to other nodes. One call is one attempt: who calls decides about retries. What is called
 * must be idempotent, since an attempt may be done although no answer came.
 */
public interface NodeCaller {
  /**
   * Sends a message, or asks with GET over HTTP where the body is null. The future fails with an
   * {@link java.io.IOException} when no answer came; then the request may or may not have been
   * done. Cancelling the future gives the connection up.
   */
  CompletableFuture<NodeReply> call(String url, byte @Nullable [] body, Duration timeout);

  /**
   * Like {@link #call} for a thread that has nothing else to do meanwhile.
   *
   * @throws IOException when no answer came in time, or when silence was to be borne no longer; the
   *     request may or may not have been done
   */
  default NodeReply send(String url, byte @Nullable [] body, Duration timeout, SilenceCheck silence)
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
