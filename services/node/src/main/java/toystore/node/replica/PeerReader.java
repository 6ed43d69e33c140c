package toystore.node.replica;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.config.StoreConfig;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.message.NodeReply;

/** Reads state from other members of the group over HTTP. */
public final class PeerReader {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final NodeCaller caller;
  private final StoreConfig config;

  public PeerReader(NodeCaller caller, StoreConfig config) {
    this.caller = caller;
    this.config = config;
  }

  /**
   * Returns the body of a member's response to a GET request.
   *
   * @throws IOException if the member does not respond in time or does not respond with success, or
   *     if the thread is interrupted
   */
  public byte[] get(String member, String path) throws IOException {
    String url = config.url(config.node(member)) + path;
    CompletableFuture<NodeReply> response = caller.call(url, null, TIMEOUT);
    try {
      NodeReply reply = response.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      if (!reply.ok()) {
        throw new IOException(url + " responded with status " + reply.status());
      }
      return reply.body();
    } catch (ExecutionException | TimeoutException e) {
      response.cancel(true);
      throw new IOException(url + " did not respond", e);
    } catch (InterruptedException e) {
      response.cancel(true);
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + url, e);
    }
  }
}
