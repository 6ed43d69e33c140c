package toystore.cache;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import toystore.api.ApiException;
import toystore.api.CacheLease;
import toystore.api.Json;
import toystore.api.Paths;
import toystore.calls.Caller;
import toystore.calls.Deadline;
import toystore.server.LeaderRoute;

/** Keeps the cache's lease alive: renews it at a third of its length. */
public final class LeaseKeeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LeaseKeeper.class.getName());

  private final ProductCache cache;
  private final LeaderRoute catalog;
  private final String url;
  private final Duration third;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * Starts renewing.
   *
   * @param url where the catalog reaches this front end
   */
  public LeaseKeeper(ProductCache cache, LeaderRoute catalog, String url, Duration lease) {
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
      // Once for all attempts of this call, which is on the safe side for a repeated one.
      ProductCache.Asked asked = cache.beginRenewal(url);
      // A third of the lease: longer than that, the next attempt is worth more than this one.
      Caller.Reply reply =
          catalog.call(Paths.LEASE, Json.toCbor(asked.message()), Deadline.in(third));
      if (reply.ok()
          && !cache.granted(asked, Json.fromCbor(reply.body(), CacheLease.Grant.class))) {
        LOG.log(
            Level.INFO, "the catalog does not know this session any more: the cache is dropped");
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
