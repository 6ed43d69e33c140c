package toystore.cache;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.client.Deadline;
import toystore.node.rpc.LeaderClient;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiPaths;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.NodeReply;

/** Renews the lease of a product cache after each third of its length (lease steps 1 and 3). */
public final class LeaseRenewer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LeaseRenewer.class.getName());

  private final ProductCache cache;
  private final LeaderClient catalog;
  private final String url;
  private final Duration third;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * Starts to renew the lease.
   *
   * @param url the address at which the catalog reaches this front end
   */
  public LeaseRenewer(ProductCache cache, LeaderClient catalog, String url, Duration lease) {
    this.cache = cache;
    this.catalog = catalog;
    this.url = url;
    this.third = lease.dividedBy(3);
    this.timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("lease").factory());
    timer.scheduleWithFixedDelay(this::renew, 0, third.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void renew() {
    try {
      // The clock is read once, before the first attempt of this call, which is safe for
      // repetitions.
      ProductCache.PendingRenewal renewal = cache.beginRenewal(url);
      // After a third of the lease the next renewal is due, and it would obtain a longer lease.
      NodeReply reply =
          catalog.call(ApiPaths.LEASE, MessageCodec.toCbor(renewal.message()), Deadline.in(third));
      if (reply.ok()
          && !cache.processGrant(
              renewal, MessageCodec.fromCbor(reply.body(), CacheLeaseMessages.Grant.class))) {
        LOG.log(Level.INFO, "the catalog has ended this session: the cache is dropped");
      }
    } catch (ApiException | IOException e) {
      LOG.log(Level.DEBUG, "the lease could not be renewed", e);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "the lease could not be renewed", e);
    }
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
