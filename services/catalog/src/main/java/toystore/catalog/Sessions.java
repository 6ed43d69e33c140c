package toystore.catalog;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import toystore.api.CacheLease;
import toystore.api.Ids;

/**
 * The leases of front ends' product caches (Gray &amp; Cheriton 1989), as the catalog keeps them. A
 * session is told of every change from its first lease on; one whose lease ran out is over, and its
 * front end starts anew with an empty cache under another id. An id never comes back: the answer
 * that its session is over may be lost, and the next one must say the same.
 *
 * <p>Says what may happen when; sends nothing itself.
 */
final class Sessions {
  /** How many ended sessions are remembered; a renewal is under way for seconds at most. */
  private static final int MAX_ENDED = 10_000;

  private static final class Session {
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
  }

  /** One session that has to hear of a change. */
  record Recipient(UUID session, String url) {}

  /** Which catalog this is, as front ends name it when they renew. */
  private final UUID self = Ids.fresh();

  private final Ticker ticker;
  private final Duration lease;
  private final Map<UUID, Session> sessions = new HashMap<>();
  private final Set<UUID> ended = new LinkedHashSet<>();

  Sessions(Ticker ticker, Duration lease) {
    this.ticker = ticker;
    this.lease = lease;
  }

  /**
   * Ends all sessions: their front ends hear that they are not continued. Changes still wait for
   * the leases that run, since a catalog that has just been deposed may have some to answer.
   */
  synchronized void endAll() {
    sessions.values().forEach(s -> s.over = true);
  }

  private boolean remember(UUID id) {
    ended.add(id);
    if (ended.size() > MAX_ENDED) {
      ended.remove(ended.iterator().next());
    }
    return true;
  }

  /**
   * Renews a lease or begins a session. A session that has owed an acknowledgement for a quarter of
   * the lease is not extended, so that a front end that can renew but not hear delays purchases by
   * little more than one lease, once.
   */
  synchronized CacheLease.Grant renew(CacheLease.Renewal renewal) {
    long now = ticker.nanos();
    Session session = sessions.get(renewal.session());
    if (session == null) {
      if (renewal.catalog() != null || ended.contains(renewal.session())) {
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

  private CacheLease.Grant grant(Duration length, boolean continued) {
    return new CacheLease.Grant(length.toMillis(), continued, self);
  }

  /** Who has to acknowledge a change that begins now. */
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

  synchronized int size() {
    return sessions.size();
  }
}
