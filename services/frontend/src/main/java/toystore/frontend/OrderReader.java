package toystore.frontend;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import toystore.client.Deadline;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.api.ApiException;
import toystore.protocol.message.NodeReply;

/**
 * Reads orders from any order replica that answers. That is correct because orders never change.
 */
final class OrderReader {
  /** After this time without an answer, the next replica is tried. */
  private static final Duration ATTEMPT_TIMEOUT = Duration.ofSeconds(1);

  private static final long PAUSE_MS = 20;

  private final NodeCaller caller;
  private final List<String> urls;
  private final Duration timeout;
  private final AtomicInteger nextFirst = new AtomicInteger();

  OrderReader(NodeCaller caller, StoreConfig config) {
    this.caller = caller;
    this.urls = config.nodes(Role.ORDER).stream().map(config::url).toList();
    this.timeout = config.http().requestDeadline();
  }

  /**
   * Sends a GET request to one replica after the other until one answers.
   *
   * @throws ApiException 503 if no replica answers in time
   */
  NodeReply get(String path) throws InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    Throwable last = null;
    int first = nextFirst.getAndIncrement() & Integer.MAX_VALUE;
    for (int i = 0; !deadline.passed(); i++) {
      String url = urls.get(Math.floorMod(first + i, urls.size())) + path;
      Duration attemptTimeout =
          ATTEMPT_TIMEOUT.compareTo(deadline.left()) < 0 ? ATTEMPT_TIMEOUT : deadline.left();
      CompletableFuture<NodeReply> call = caller.call(url, null, attemptTimeout);
      try {
        NodeReply reply = call.get(attemptTimeout.toMillis() + 1, TimeUnit.MILLISECONDS);
        if (reply.status() < 500) {
          return reply;
        }
        last = new IOException(url + " answered " + reply.status());
      } catch (ExecutionException | TimeoutException e) {
        call.cancel(true);
        last = e;
      }
      if (i % urls.size() == urls.size() - 1) {
        Thread.sleep(Math.min(PAUSE_MS, deadline.left().toMillis()));
      }
    }
    throw new ApiException(503, "no order replica can answer now", last);
  }
}
