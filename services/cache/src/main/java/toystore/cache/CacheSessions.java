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
 * The catalog's side of the leases of product caches (Gray &amp; Cheriton 1989). From the first
 * lease of a session on, the catalog sends that session an invalidation for every change. A session
 * whose lease has expired has ended; its front end begins another session with an empty cache and a
 * new id. The id of an ended session is never accepted again, because the answer that the session
 * has ended may be lost and must then be repeated.
 *
 * <p>This class makes decisions and sends nothing. The steps of a lease are those of DESIGN.md of
 * this module.
 */
public class CacheSessions {
  /**
   * The number of ended sessions whose ids are remembered. That is enough because a renewal request
   * is in transit for seconds at most.
   */
  private static final int MAX_ENDED = 10_000;

  /** A session that must receive an invalidation, and the address of its front end. */
  record Recipient(UUID session, String url) {}

  /** Identifies this catalog process. Front ends repeat it in each renewal. */
  private final UUID catalogId;

  private final Ticker ticker;
  private final Duration lease;
  final Map<UUID, GrantedSession> sessions = new HashMap<>();
  final Set<UUID> endedIds = new LinkedHashSet<>();

  /** Whether sessions may begin. */
  private boolean open;

  private long closedNanos;

  /** Creates a set of sessions that is closed: none may begin before {@link #open} is called. */
  public CacheSessions(Ticker ticker, Duration lease) {
    this(ticker, lease, Uuids::fresh);
  }

  CacheSessions(Ticker ticker, Duration lease, Supplier<UUID> ids) {
    this.catalogId = ids.get();
    this.ticker = ticker;
    this.lease = lease;
    this.closedNanos = ticker.read();
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  CacheSessions(CacheSessions other) {
    this.catalogId = other.catalogId;
    this.ticker = other.ticker;
    this.lease = other.lease;
    this.open = other.open;
    this.closedNanos = other.closedNanos;
    this.endedIds.addAll(other.endedIds);
    other.sessions.forEach((id, session) -> sessions.put(id, new GrantedSession(session)));
  }

  /**
   * Ends all sessions and lets none begin, because this catalog has started or stopped leading.
   * Front ends learn from their next renewal that their session has ended. Changes still wait for
   * valid leases: a catalog that was just deposed may still have purchases to answer.
   */
  public synchronized void close() {
    open = false;
    closedNanos = ticker.read();
    sessions.values().forEach(s -> s.ended = true);
  }

  /**
   * The remaining time that a new leader has to wait before it publishes products: one full lease
   * after {@link #close}. Until then, caches may contain products that an earlier leader published
   * and that are older than the state of this one.
   */
  public synchronized Duration untilOpen() {
    return Duration.ofNanos(closedNanos + lease.toNanos() - ticker.read());
  }

  /** Lets sessions begin. From now on, every change is invalidated in all sessions. */
  public synchronized void open() {
    open = true;
  }

  /** Remembers the id of an ended session. Always returns true, for the use in a predicate. */
  private boolean rememberEnded(UUID id) {
    endedIds.add(id);
    if (endedIds.size() > MAX_ENDED) {
      endedIds.remove(endedIds.iterator().next());
    }
    return true;
  }

  boolean hasEnded(UUID id) {
    return endedIds.contains(id);
  }

  /**
   * Renews a lease, or begins a session (step 2). The lease of a session that has not acknowledged
   * an invalidation for a quarter of the lease is not extended (step 4). A front end that can send
   * renewals but cannot receive invalidations therefore delays purchases by little more than one
   * lease, once.
   *
   * <p>Call this only if this catalog has proved, after the request arrived, that it leads. A
   * deposed catalog must not extend a lease, even before it learns that it is deposed: its
   * successor waits for one lease only, counted from its own start.
   */
  public synchronized CacheLeaseMessages.Grant renew(CacheLeaseMessages.Renewal renewal) {
    long now = ticker.read();
    GrantedSession session = sessions.get(renewal.session());
    if (session == null) {
      if (!open || renewal.catalog() != null || hasEnded(renewal.session())) {
        return grant(Duration.ZERO, false);
      }
      sessions.put(renewal.session(), new GrantedSession(renewal.url(), now + lease.toNanos()));
      return grant(lease, true);
    }
    if (renewal.catalog() != null && !renewal.catalog().equals(catalogId)) {
      // A delayed request began this session here. Meanwhile another catalog has granted it a
      // lease.
      session.ended = true;
    }
    if (session.ended || session.hasExpired(now)) {
      session.ended = true;
      return grant(Duration.ZERO, false);
    }
    if (session.isLateWithAcknowledgement(now, lease.toNanos() / 4)) {
      return grant(Duration.ZERO, true);
    }
    session.expiresNanos = now + lease.toNanos();
    return grant(lease, true);
  }

  private CacheLeaseMessages.Grant grant(Duration length, boolean continued) {
    return new CacheLeaseMessages.Grant(length.toMillis(), continued, catalogId);
  }

  /** Begins an invalidation, and returns the sessions that have to acknowledge it. */
  synchronized List<Recipient> beginInvalidation() {
    long now = ticker.read();
    sessions
        .entrySet()
        .removeIf(entry -> entry.getValue().hasExpired(now) && rememberEnded(entry.getKey()));
    List<Recipient> recipients = new ArrayList<>();
    sessions.forEach(
        (id, session) -> {
          session.invalidationSent(now);
          recipients.add(new Recipient(id, session.url));
        });
    return recipients;
  }

  /** Records that a session has removed the invalidated products. */
  synchronized void acknowledged(UUID id) {
    GrantedSession session = sessions.get(id);
    if (session != null) {
      session.acknowledged();
    }
  }

  /** Records that a front end has dropped this session and its cache. */
  synchronized void dropped(UUID id) {
    sessions.remove(id);
    var _ = rememberEnded(id);
  }

  /** The remaining lease of a session; zero or negative if the lease has expired. */
  synchronized Duration remainingLease(UUID id) {
    GrantedSession session = sessions.get(id);
    return session == null ? Duration.ZERO : Duration.ofNanos(session.expiresNanos - ticker.read());
  }

  /** The number of sessions. */
  public synchronized int size() {
    return sessions.size();
  }
}
