package toystore.cache;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.client.http.NoResponsePolicy;
import toystore.node.rpc.NodeCaller;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;

/** Sends the invalidations of a round to front ends, and retries those that failed. */
final class InvalidationSender {
  private static final System.Logger LOG = System.getLogger(InvalidationSender.class.getName());
  private static final long RETRY_MS = 20;
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);

  private final NodeCaller caller;
  private final CacheSessions sessions;

  InvalidationSender(NodeCaller caller, CacheSessions sessions) {
    this.caller = caller;
    this.sessions = sessions;
  }

  /** The response of a front end to an invalidation, or the failure if there was none. */
  private record Response(CacheSessions.Recipient from, int status, @Nullable Throwable failure) {}

  /**
   * Runs a round. Returns when every session has acknowledged or its lease has expired. Responses
   * are processed as they arrive, so that one front end that hangs does not make the
   * acknowledgements of others count as late.
   */
  void run(InvalidationRound round) throws InterruptedException {
    List<String> names = List.copyOf(round.names());
    BlockingQueue<Response> responses = new LinkedBlockingQueue<>();
    Collection<CacheSessions.Recipient> recipients = round.awaited();
    if (recipients.size() == 1) {
      // There is only one response to wait for, so this thread makes the call itself.
      responses.add(sendAndWait(recipients.iterator().next(), names));
    } else {
      recipients.forEach(r -> send(r, names, responses));
    }
    while (!isComplete(round)) {
      Response next = responses.poll(shortestLease(round).toMillis() + 1, TimeUnit.MILLISECONDS);
      if (next != null) {
        process(round, next);
        if (round.awaits(next.from().session())) {
          CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS)
              .execute(() -> sendAgain(next.from(), names, responses));
        }
      }
    }
    round.complete();
  }

  private static boolean isComplete(InvalidationRound round) {
    Collection<CacheSessions.Recipient> awaited = round.awaited();
    boolean complete = round.isComplete();
    for (CacheSessions.Recipient recipient : awaited) {
      if (!round.awaited.containsKey(recipient.session())) {
        LOG.log(Level.INFO, "{0} did not answer for one lease: its session ends", recipient.url());
      }
    }
    return complete;
  }

  private void sendAgain(
      CacheSessions.Recipient recipient, List<String> names, Queue<Response> responses) {
    if (sessions.remainingLease(recipient.session()).isPositive()) {
      send(recipient, names, responses);
    }
  }

  private Duration shortestLease(InvalidationRound round) {
    return round.awaited().stream()
        .map(r -> sessions.remainingLease(r.session()))
        .min(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  private static void process(InvalidationRound round, Response response) {
    CacheSessions.Recipient from = response.from();
    if (response.failure() != null) {
      LOG.log(Level.DEBUG, from.url() + " did not answer an invalidation", response.failure());
      return;
    }
    round.recordResponse(from.session(), response.status());
    if (round.awaited.containsKey(from.session())) {
      LOG.log(Level.WARNING, "{0} answered {1} to an invalidation", from.url(), response.status());
    }
  }

  private void send(
      CacheSessions.Recipient recipient, List<String> names, Queue<Response> responses) {
    send(recipient, names)
        .whenComplete(
            (reply, e) ->
                responses.add(new Response(recipient, e == null ? reply.status() : 0, e)));
  }

  private CompletableFuture<NodeReply> send(CacheSessions.Recipient recipient, List<String> names) {
    return caller.call(
        recipient.url() + ApiPaths.INVALIDATION, message(recipient, names), timeout(recipient));
  }

  private Response sendAndWait(CacheSessions.Recipient recipient, List<String> names)
      throws InterruptedException {
    try {
      NodeReply reply =
          caller.send(
              recipient.url() + ApiPaths.INVALIDATION,
              message(recipient, names),
              timeout(recipient),
              NoResponsePolicy.NONE);
      return new Response(recipient, reply.status(), null);
    } catch (IOException | RuntimeException e) {
      return new Response(recipient, 0, e);
    }
  }

  private static byte[] message(CacheSessions.Recipient recipient, List<String> names) {
    return MessageCodec.toCbor(new CacheLeaseMessages.Invalidation(recipient.session(), names));
  }

  /**
   * The time limit of a call: the remaining lease, because no change waits longer for the response.
   */
  private Duration timeout(CacheSessions.Recipient recipient) {
    return longer(sessions.remainingLease(recipient.session()), SHORTEST_TIMEOUT);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
