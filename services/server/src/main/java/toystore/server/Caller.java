package toystore.server;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Calls to other nodes over HTTP. One call is one attempt: who calls decides about retries. */
public interface Caller {
  /**
   * What came back.
   *
   * @param leader the {@code Toystore-Leader} header, if there was one
   */
  record Reply(int status, byte[] body, @Nullable String leader) {
    public boolean ok() {
      return status == 200;
    }
  }

  /**
   * Sends a body, or asks with GET where it is null. The future fails with an {@link
   * java.io.IOException} when no answer came; then the request may or may not have been done.
   * Cancelling the future gives the connection up.
   */
  CompletableFuture<Reply> call(String url, byte @Nullable [] body, Duration timeout);
}
