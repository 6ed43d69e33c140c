package toystore.cache;

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
 * The leases of front ends' product caches (Gray &amp; Cheriton 1989), as the catalog keeps them. A
 * session is told of every change from its first lease on; one whose lease ran out is over, and its
 * front end starts anew with an empty cache under another id. An id never comes back: the answer
 * that its session is over may be lost, and the next one must say the same.
 *
 * <p>Says what may happen when; sends nothing itself.
 */
public class CacheSessions {
  /** How many ended sessions are remembered; a renewal is under way for seconds at most. */
  private static final int MAX_ENDED = 10_000;

  static final class Session {
    final String url;
    long expiresNanos;

    /** When the oldest invalidation that it has not acknowledged was begun. */
    long owesSinceNanos;

    int owes;

    /** It is not renewed any more; a change may still wait for the end of its lease. */
    boolean over;

    Session(String url, long expiresNanos) {
      this.url = url;
      this.expiresNanos = expiresNanos;
    }

    Session(Session other) {
      this(other.url, other.expiresNanos);
      owesSinceNanos = other.owesSinceNanos;
      owes = other.owes;
      over = other.over;
    }
  }

  /** One session that has to hear of a change. */
  record Recipient(UUID session, String url) {}

  /** Which catalog this is, as front ends name it when they renew. */
  private final UUID self;

  private final Ticker ticker;
  private final Duration lease;
  final Map<UUID, Session> sessions = new HashMap<>();
  final Set<UUID> ended = new LinkedHashSet<>();

  /** Whether sessions may begin. */
  private boolean open;

  private long closedNanos;

  /** No sessions yet, and none may begin before this is {@linkplain #open opened}. */
  public CacheSessions(Ticker ticker, Duration lease) {
    this(ticker, lease, Uuids::fresh);
  }

  CacheSessions(Ticker ticker, Duration lease, Supplier<UUID> ids) {
    this.self = ids.get();
    this.ticker = ticker;
    this.lease = lease;
    this.closedNanos = ticker.nanos();
  }

  /** A copy, for tests that try more than one future. */
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
   * This catalog begins or ends to lead: all sessions are over, and none begins. Front ends hear
   * that they are not continued. Changes still wait for the leases that run, since a catalog that
   * has just been deposed may have some to answer.
   */
  public synchronized void close() {
    open = false;
    closedNanos = ticker.nanos();
    sessions.values().forEach(s -> s.over = true);
  }

  /**
   * How long a catalog that begins to lead has to wait before it shows anything: one whole lease,
   * since caches may hold what an earlier one published, while its own state is ahead of that.
   */
  public synchronized Duration untilOpen() {
    return Duration.ofNanos(closedNanos + lease.toNanos() - ticker.nanos());
  }

  /** Sessions may begin: readers are shown the state that they will be told the changes of. */
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
   * Renews a lease or begins a session. A session that has owed an acknowledgement for a quarter of
   * the lease is not extended, so that a front end that can renew but not hear delays purchases by
   * little more than one lease, once.
   *
   * <p>Only for a catalog that was proved to lead after the request came: one that was deposed and
   * does not know it must extend no lease, since its successor waits for one lease from its own
   * beginning on.
   */
  public synchronized CacheLeaseMessages.Grant renew(CacheLeaseMessages.Renewal renewal) {
    long now = ticker.nanos();
    Session session = sessions.get(renewal.session());
    if (session == null) {
      if (!open || renewal.catalog() != null || hasEnded(renewal.session())) {
        return grant(Duration.ZERO, false);
      }
      sessions.put(renewal.session(), new Session(renewal.url(), now + lease.toNanos()));
      return grant(lease, true);
    }
    if (renewal.catalog() != null && !renewal.catalog().equals(self)) {
      // Begun here by a request that was under way for long, and in use since at another catalog.
      session.over = true;
    }
    if (session.over || session.expiresNanos - now <= 0) {
      session.over = true;
      return grant(Duration.ZERO, false);
    }
    if (session.owes > 0 && now - session.owesSinceNanos > lease.toNanos() / 4) {
      return grant(Duration.ZERO, true);
    }
    session.expiresNanos = now + lease.toNanos();
    return grant(lease, true);
  }

  private CacheLeaseMessages.Grant grant(Duration length, boolean continued) {
    return new CacheLeaseMessages.Grant(length.toMillis(), continued, self);
  }

  /** Who has to acknowledge a change that caches are told of from now on. */
  synchronized List<Recipient> beginInvalidation() {
    long now = ticker.nanos();
    sessions
        .entrySet()
        .removeIf(entry -> entry.getValue().expiresNanos - now <= 0 && remember(entry.getKey()));
    List<Recipient> recipients = new ArrayList<>();
    sessions.forEach(
        (id, session) -> {
          if (session.owes++ == 0) {
            session.owesSinceNanos = now;
          }
          recipients.add(new Recipient(id, session.url));
        });
    return recipients;
  }

  /** The session has forgotten what it was told to. */
  synchronized void acknowledged(UUID id) {
    Session session = sessions.get(id);
    if (session != null) {
      session.owes--;
    }
  }

  /** The front end has dropped this session, cache and all. */
  synchronized void gone(UUID id) {
    sessions.remove(id);
    remember(id);
  }

  /** How long the session may still answer from its cache; zero or less: its lease is over. */
  synchronized Duration left(UUID id) {
    Session session = sessions.get(id);
    return session == null
        ? Duration.ZERO
        : Duration.ofNanos(session.expiresNanos - ticker.nanos());
  }

  /** How many sessions there are. */
  public synchronized int size() {
    return sessions.size();
  }
}
