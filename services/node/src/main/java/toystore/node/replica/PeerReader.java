package toystore.node.replica;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.config.StoreConfig;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.codec.Json;
import toystore.protocol.message.NodeReply;

/** Asks other members of the group for what this one lacks. */
public final class PeerReader {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final NodeCaller caller;
  private final StoreConfig config;

  public PeerReader(NodeCaller caller, StoreConfig config) {
    this.caller = caller;
    this.config = config;
  }

  /** What that member answers; throws {@link IOException} if it does not, or something else. */
  public <T> T get(String member, String path, Class<T> type) throws IOException {
    String url = config.url(config.node(member)) + path;
    try {
      NodeReply reply =
          caller.call(url, null, TIMEOUT).get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      if (!reply.ok()) {
        throw new IOException(url + " answered " + reply.status());
      }
      return Json.fromCbor(reply.body(), type);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(url + " did not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + url + " was asked", e);
    }
  }
}
