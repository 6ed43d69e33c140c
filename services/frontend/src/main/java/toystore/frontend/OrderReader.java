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

/** Reads orders from whichever replica answers: an order never changes. */
final class OrderReader {
  /** A replica that does not answer for so long is left for the next one. */
  private static final Duration TRY = Duration.ofSeconds(1);

  private static final long PAUSE_MS = 20;

  private final NodeCaller caller;
  private final List<String> urls;
  private final Duration patience;
  private final AtomicInteger turn = new AtomicInteger();

  OrderReader(NodeCaller caller, StoreConfig config) {
    this.caller = caller;
    this.urls = config.nodes(Role.ORDER).stream().map(config::url).toList();
    this.patience = config.http().requestDeadline();
  }

  /**
   * What a replica answers to a GET.
   *
   * @throws ApiException 503 if none answers in time
   */
  NodeReply get(String path) throws InterruptedException {
    Deadline deadline = Deadline.in(patience);
    Throwable last = null;
    int first = turn.getAndIncrement() & Integer.MAX_VALUE;
    for (int i = 0; !deadline.passed(); i++) {
      String url = urls.get(Math.floorMod(first + i, urls.size())) + path;
      Duration patienceHere = TRY.compareTo(deadline.left()) < 0 ? TRY : deadline.left();
      CompletableFuture<NodeReply> call = caller.call(url, null, patienceHere);
      try {
        NodeReply reply = call.get(patienceHere.toMillis() + 1, TimeUnit.MILLISECONDS);
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
