package toystore.calls;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Calls to other nodes. One call is one attempt: who calls decides about retries. What is called
 * must be idempotent, since an attempt may be done although no answer came.
 */
public interface Caller {
  /**
   * What came back.
   *
   * @param status as in HTTP
   * @param leader which node leads, as far as one knows that does not
   */
  record Reply(int status, byte[] body, @Nullable String leader) {
    public boolean ok() {
      return status == 200;
    }
  }

  /**
   * Sends a message, or asks with GET over HTTP where the body is null. The future fails with an
   * {@link java.io.IOException} when no answer came; then the request may or may not have been
   * done. Cancelling the future gives the connection up.
   */
  CompletableFuture<Reply> call(String url, byte @Nullable [] body, Duration timeout);

  /** What to do about a node that says nothing: asked each time that so long nothing came. */
  record Silence(Duration every, BooleanSupplier goOn) {
    /** Waits until the time limit, whatever happens. */
    public static final Silence BORNE = new Silence(Duration.ofDays(1), () -> true);
  }

  /**
   * Like {@link #call} for a thread that has nothing else to do meanwhile.
   *
   * @throws IOException when no answer came in time, or when silence was to be borne no longer; the
   *     request may or may not have been done
   */
  default Reply send(String url, byte @Nullable [] body, Duration timeout, Silence silence)
      throws IOException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    CompletableFuture<Reply> reply = call(url, body, timeout);
    try {
      while (true) {
        long wait = Math.min(silence.every().toMillis(), deadline.left().toMillis() + 1);
        try {
          return reply.get(wait, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (deadline.passed() || !silence.goOn().getAsBoolean()) {
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
