package toystore.catalog;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import toystore.api.CacheLease;

/**
 * The leases of front ends' product caches (Gray &amp; Cheriton 1989), as the catalog keeps them. A
 * session is told of every change from its first lease on; one whose lease ran out without an
 * acknowledgement is ended, and its front end starts anew with an empty cache.
 *
 * <p>Says what may happen when; sends nothing itself.
 */
final class Sessions {
  private static final class Session {
    final String url;
    long expiresNanos;

    /** When the oldest invalidation that it has not acknowledged was begun. */
    long owesSinceNanos;

    int owes;

    Session(String url, long expiresNanos) {
      this.url = url;
      this.expiresNanos = expiresNanos;
    }
  }

  /** One session that has to hear of a change. */
  record Recipient(UUID session, String url) {}

  private final Ticker ticker;
  private final Duration lease;
  private final Map<UUID, Session> sessions = new HashMap<>();

  Sessions(Ticker ticker, Duration lease) {
    this.ticker = ticker;
    this.lease = lease;
  }

  /** Forgets all sessions: their front ends hear that they are not continued. */
  synchronized void clear() {
    sessions.clear();
  }

  /**
   * Renews a lease or begins a session. A session that has owed an acknowledgement for a quarter of
   * the lease is not extended, so that a front end that can renew but not hear delays purchases by
   * little more than one lease, once.
   */
  synchronized CacheLease.Grant renew(CacheLease.Renewal renewal) {
    long now = ticker.nanos();
    Session session = sessions.get(renewal.session());
    if (session == null || session.expiresNanos - now <= 0) {
      Session begun = new Session(renewal.url(), now + lease.toNanos());
      if (session != null && session.owes > 0) {
        // A change waits for exactly this session to end: it must not come back under its id.
        return new CacheLease.Grant(0, false);
      }
      sessions.put(renewal.session(), begun);
      return new CacheLease.Grant(lease.toMillis(), false);
    }
    if (session.owes > 0 && now - session.owesSinceNanos > lease.toNanos() / 4) {
      return new CacheLease.Grant(0, true);
    }
    session.expiresNanos = now + lease.toNanos();
    return new CacheLease.Grant(lease.toMillis(), true);
  }

  /** Who has to acknowledge a change that begins now. */
  synchronized List<Recipient> beginInvalidation() {
    long now = ticker.nanos();
    sessions.values().removeIf(s -> s.expiresNanos - now <= 0);
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
