package toystore.cache;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * One invalidation of all caches for a batch of changes: which products it names, and which
 * sessions still have to respond.
 */
class InvalidationRound {
  final Map<UUID, CacheSessions.Recipient> awaited = new LinkedHashMap<>();
  private final CacheSessions sessions;
  private final List<PendingChange> changes;

  /**
   * Begins a round for changes that were announced before. A session that begins later receives no
   * invalidation for them and needs none: it may not cache these products until the changes end.
   */
  InvalidationRound(CacheSessions sessions, List<PendingChange> changes) {
    this.sessions = sessions;
    this.changes = List.copyOf(changes);
    sessions.beginInvalidation().forEach(r -> awaited.put(r.session(), r));
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  InvalidationRound(InvalidationRound other, CacheSessions sessions, List<PendingChange> changes) {
    this.sessions = sessions;
    this.changes = List.copyOf(changes);
    awaited.putAll(other.awaited);
  }

  Set<String> names() {
    return changes.stream().flatMap(c -> c.names.stream()).collect(Collectors.toSet());
  }

  Collection<CacheSessions.Recipient> awaited() {
    return List.copyOf(awaited.values());
  }

  /** Whether this session still has to respond. It need not after its lease has expired. */
  boolean awaits(UUID session) {
    if (awaited.containsKey(session) && !sessions.remainingLease(session).isPositive()) {
      sessions.dropped(session);
      awaited.remove(session);
    }
    return awaited.containsKey(session);
  }

  /** Records a response: 200 acknowledges the invalidation, 410 says that the session has ended. */
  void recordResponse(UUID session, int status) {
    if ((status != 200 && status != 410) || awaited.remove(session) == null) {
      return;
    }
    if (status == 200) {
      sessions.acknowledged(session);
    } else {
      sessions.dropped(session);
    }
  }

  /** Whether every session has responded or lost its lease. */
  boolean isComplete() {
    awaited().forEach(r -> awaits(r.session()));
    return awaited.isEmpty();
  }

  /**
   * Completes the round, so that its changes may be published.
   *
   * @throws IllegalStateException if a session still has to respond
   */
  void complete() {
    if (!isComplete()) {
      throw new IllegalStateException("sessions have not responded: " + awaited.values());
    }
    changes.forEach(PendingChange::invalidated);
  }
}
