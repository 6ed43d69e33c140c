package toystore.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import toystore.protocol.api.Uuids;
import toystore.protocol.message.CacheLeaseMessages;

/**
 * The catalog's side of the leases of product caches (Gray &amp; Cheriton 1989). The catalog sends
 * a session an invalidation for every change from its first lease on. A session whose lease has
 * expired is over; its front end begins another session with an empty cache and a new id. The id of
 * an ended session is never accepted again, because the answer that the session is over may be lost
 * and must then be repeated.
 *
 * <p>This class decides and sends nothing.
 */
public class CacheSessions {
  /** The number of ended sessions that are remembered. A renewal takes seconds at most. */
  private static final int MAX_ENDED = 10_000;

  static final class Session {
    final String url;
    long expiresNanos;

    /** When the oldest invalidation that this session has not acknowledged was sent. */
    long unacknowledgedSinceNanos;

    /** The number of invalidations that this session has not acknowledged. */
    int unacknowledged;

    /** The lease is not renewed again. Changes may still wait for its end. */
    boolean over;

    Session(String url, long expiresNanos) {
      this.url = url;
      this.expiresNanos = expiresNanos;
    }

    Session(Session other) {
      this(other.url, other.expiresNanos);
      unacknowledgedSinceNanos = other.unacknowledgedSinceNanos;
      unacknowledged = other.unacknowledged;
      over = other.over;
    }
  }

  /** A session that must receive an invalidation, and the address of its front end. */
  record Recipient(UUID session, String url) {}

  /** Identifies this catalog process. Front ends repeat it in each renewal. */
  private final UUID self;

  private final Ticker ticker;
  private final Duration lease;
  final Map<UUID, Session> sessions = new HashMap<>();
  final Set<UUID> ended = new LinkedHashSet<>();

  /** Whether sessions may begin. */
  private boolean open;

  private long closedNanos;

  /** Creates a set of sessions that is closed: none may begin before {@link #open} is called. */
  public CacheSessions(Ticker ticker, Duration lease) {
    this(ticker, lease, Uuids::fresh);
  }

  CacheSessions(Ticker ticker, Duration lease, Supplier<UUID> ids) {
    this.self = ids.get();
    this.ticker = ticker;
    this.lease = lease;
    this.closedNanos = ticker.read();
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  CacheSessions(CacheSessions other) {
    this.self = other.self;
    this.ticker = other.ticker;
    this.lease = other.lease;
    this.open = other.open;
    this.closedNanos = other.closedNanos;
    this.ended.addAll(other.ended);
    other.sessions.forEach((id, session) -> sessions.put(id, new Session(session)));
  }

  /**
   * Ends all sessions and lets none begin, because this catalog has started or stopped leading.
   * Front ends learn from their next renewal that their session is over. Changes still wait for
   * valid leases: a catalog that was just deposed may still have purchases to answer.
   */
  public synchronized void close() {
    open = false;
    closedNanos = ticker.read();
    sessions.values().forEach(s -> s.over = true);
  }

  /**
   * The time that a new leader has to wait before it shows products: one full lease. Until then,
   * caches may hold products that an earlier leader published and that are older than the state of
   * this one.
   */
  public synchronized Duration untilOpen() {
    return Duration.ofNanos(closedNanos + lease.toNanos() - ticker.read());
  }

  /** Lets sessions begin. From now on, readers see states of which all sessions are informed. */
  public synchronized void open() {
    open = true;
  }

  private boolean remember(UUID id) {
    ended.add(id);
    if (ended.size() > MAX_ENDED) {
      ended.remove(ended.iterator().next());
    }
    return true;
  }

  boolean hasEnded(UUID id) {
    return ended.contains(id);
  }

  /**
   * Renews a lease, or begins a session. The lease of a session that has not acknowledged an
   * invalidation for a quarter of the lease is not extended. A front end that can send renewals but
   * cannot receive invalidations therefore delays purchases by little more than one lease, once.
   *
   * <p>Call this only after this catalog has proved that it led when the request had arrived. A
   * deposed catalog that does not know it must not extend a lease, because its successor waits for
   * one lease only, counted from its own start.
   */
  public synchronized CacheLeaseMessages.Grant renew(CacheLeaseMessages.Renewal renewal) {
    long now = ticker.read();
    Session session = sessions.get(renewal.session());
    if (session == null) {
      if (!open || renewal.catalog() != null || hasEnded(renewal.session())) {
        return grant(Duration.ZERO, false);
      }
      sessions.put(renewal.session(), new Session(renewal.url(), now + lease.toNanos()));
      return grant(lease, true);
    }
    if (renewal.catalog() != null && !renewal.catalog().equals(self)) {
      // A delayed request has begun this session here; it has since been used with another catalog.
      session.over = true;
    }
    if (session.over || session.expiresNanos - now <= 0) {
      session.over = true;
      return grant(Duration.ZERO, false);
    }
    if (session.unacknowledged > 0
        && now - session.unacknowledgedSinceNanos > lease.toNanos() / 4) {
      return grant(Duration.ZERO, true);
    }
    session.expiresNanos = now + lease.toNanos();
    return grant(lease, true);
  }

  private CacheLeaseMessages.Grant grant(Duration length, boolean continued) {
    return new CacheLeaseMessages.Grant(length.toMillis(), continued, self);
  }

  /** Begins an invalidation, and returns the sessions that have to acknowledge it. */
  synchronized List<Recipient> beginInvalidation() {
    long now = ticker.read();
    sessions
        .entrySet()
        .removeIf(entry -> entry.getValue().expiresNanos - now <= 0 && remember(entry.getKey()));
    List<Recipient> recipients = new ArrayList<>();
    sessions.forEach(
        (id, session) -> {
          if (session.unacknowledged++ == 0) {
            session.unacknowledgedSinceNanos = now;
          }
          recipients.add(new Recipient(id, session.url));
        });
    return recipients;
  }

  /** Records that a session has removed the invalidated products. */
  synchronized void acknowledged(UUID id) {
    Session session = sessions.get(id);
    if (session != null) {
      session.unacknowledged--;
    }
  }

  /** Records that a front end has dropped this session and its cache. */
  synchronized void dropped(UUID id) {
    sessions.remove(id);
    remember(id);
  }

  /** The remaining lease of a session. Zero or negative if the lease has expired. */
  synchronized Duration remainingLease(UUID id) {
    Session session = sessions.get(id);
    return session == null ? Duration.ZERO : Duration.ofNanos(session.expiresNanos - ticker.read());
  }

  /** The number of sessions. */
  public synchronized int size() {
    return sessions.size();
  }
}
