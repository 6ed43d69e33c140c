package toystore.cache;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** One invalidation of all caches for a batch of changes: its products, and who has to respond. */
class InvalidationRound {
  final Map<UUID, CacheSessions.Recipient> waitedFor = new LinkedHashMap<>();
  private final CacheSessions sessions;
  private final List<PendingChange> changes;

  /**
   * Begins a round for changes that were announced before. A session that begins later receives no
   * invalidation for them and needs none: it may not cache these products until the changes end.
   */
  InvalidationRound(CacheSessions sessions, List<PendingChange> changes) {
    this.sessions = sessions;
    this.changes = List.copyOf(changes);
    sessions.beginInvalidation().forEach(r -> waitedFor.put(r.session(), r));
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  InvalidationRound(InvalidationRound other, CacheSessions sessions, List<PendingChange> changes) {
    this.sessions = sessions;
    this.changes = List.copyOf(changes);
    waitedFor.putAll(other.waitedFor);
  }

  Set<String> names() {
    return changes.stream().flatMap(c -> c.names.stream()).collect(Collectors.toSet());
  }

  Collection<CacheSessions.Recipient> waitedFor() {
    return List.copyOf(waitedFor.values());
  }

  /** Whether this session still has to respond. An expired lease ends the wait. */
  boolean waitsFor(UUID session) {
    if (waitedFor.containsKey(session) && !sessions.remainingLease(session).isPositive()) {
      sessions.dropped(session);
      waitedFor.remove(session);
    }
    return waitedFor.containsKey(session);
  }

  /** Processes a response: 200 acknowledges the invalidation, 410 says that the session is gone. */
  void answered(UUID session, int status) {
    if ((status != 200 && status != 410) || waitedFor.remove(session) == null) {
      return;
    }
    if (status == 200) {
      sessions.acknowledged(session);
    } else {
      sessions.dropped(session);
    }
  }

  /** Whether no session has to respond any more. */
  boolean isOver() {
    waitedFor().forEach(r -> waitsFor(r.session()));
    return waitedFor.isEmpty();
  }

  /**
   * Ends the round: its changes may be published.
   *
   * @throws IllegalStateException if a session still has to respond
   */
  void end() {
    if (!isOver()) {
      throw new IllegalStateException("sessions have not responded: " + waitedFor.values());
    }
    changes.forEach(PendingChange::invalidated);
  }
}
