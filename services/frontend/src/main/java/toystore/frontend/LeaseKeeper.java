package toystore.frontend;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import toystore.api.ApiException;
import toystore.api.CacheLease;
import toystore.api.Json;
import toystore.api.Paths;
import toystore.api.StoreConfig;
import toystore.server.Caller;
import toystore.server.Deadline;
import toystore.server.LeaderRoute;

/** Keeps the cache's lease alive: renews it at a third of its length. */
final class LeaseKeeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LeaseKeeper.class.getName());

  private final ProductCache cache;
  private final LeaderRoute catalog;
  private final String url;
  private final StoreConfig.Cache settings;
  private final LongSupplier nanoClock;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * Starts renewing.
   *
   * @param url where the catalog reaches this front end
   */
  LeaseKeeper(
      ProductCache cache,
      LeaderRoute catalog,
      String url,
      StoreConfig.Cache settings,
      LongSupplier nanoClock) {
    this.cache = cache;
    this.catalog = catalog;
    this.url = url;
    this.settings = settings;
    this.nanoClock = nanoClock;
    this.timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("lease").factory());
    timer.scheduleWithFixedDelay(
        this::renew, 0, settings.lease().toMillis() / 3, TimeUnit.MILLISECONDS);
  }

  private void renew() {
    try {
      ProductCache.Session session = cache.session();
      // A third of the lease: longer than that, the next attempt is worth more than this one. The
      // clock is read before any attempt is sent, which is on the safe side for a repeated one.
      long askedNanos = nanoClock.getAsLong();
      Caller.Reply reply =
          catalog.call(
              Paths.LEASE,
              Json.toCbor(new CacheLease.Renewal(session.id, url, cache.catalog(session))),
              Deadline.in(settings.lease().dividedBy(3)));
      if (reply.ok()) {
        granted(session, askedNanos, Json.fromCbor(reply.body(), CacheLease.Grant.class));
      }
    } catch (ApiException | IOException e) {
      LOG.log(Level.DEBUG, "the lease could not be renewed", e);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "the lease could not be renewed", e);
    }
  }

  private void granted(ProductCache.Session session, long askedNanos, CacheLease.Grant grant) {
    if (!grant.continued()) {
      // The catalog may not have told this session of every change: nothing of it is used again.
      LOG.log(Level.INFO, "the catalog does not know this session any more: the cache is dropped");
      cache.drop();
      return;
    }
    if (grant.lengthMs() > 0) {
      Duration usable = Duration.ofMillis(grant.lengthMs()).minus(settings.driftAllowance());
      cache.leased(session, grant.catalog(), askedNanos + usable.toNanos());
    }
  }

  @Override
  public void close() {
    timer.shutdown();
  }
}
