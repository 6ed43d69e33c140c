package toystore.cache;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** Caches are told of changes that wait together: whom to tell what, and who has yet to forget. */
class InvalidationRound {
  final Map<UUID, CacheSessions.Recipient> waitedFor = new LinkedHashMap<>();
  private final CacheSessions sessions;
  private final List<PendingChange> changes;

  /**
   * A round of changes that were announced before. A session that begins after this hears nothing
   * of them, and needs not: it is given nothing to keep while they are on their way.
   */
  InvalidationRound(CacheSessions sessions, List<PendingChange> changes) {
    this.sessions = sessions;
    this.changes = List.copyOf(changes);
    sessions.beginInvalidation().forEach(r -> waitedFor.put(r.session(), r));
  }

  /** A copy, for tests that try more than one future. */
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

  /** Whether this session has yet to forget; not if its lease is over. */
  boolean waitsFor(UUID session) {
    if (waitedFor.containsKey(session) && !sessions.left(session).isPositive()) {
      sessions.gone(session);
      waitedFor.remove(session);
    }
    return waitedFor.containsKey(session);
  }

  /** A session's front end has answered: 200, it has forgotten; 410, there is no such session. */
  void answered(UUID session, int status) {
    if ((status != 200 && status != 410) || waitedFor.remove(session) == null) {
      return;
    }
    if (status == 200) {
      sessions.acknowledged(session);
    } else {
      sessions.gone(session);
    }
  }

  /** Whether no session has to forget any more. */
  boolean isOver() {
    waitedFor().forEach(r -> waitsFor(r.session()));
    return waitedFor.isEmpty();
  }

  /**
   * The changes may be shown.
   *
   * @throws IllegalStateException if a cache has yet to forget
   */
  void end() {
    if (!isOver()) {
      throw new IllegalStateException("still waited for: " + waitedFor.values());
    }
    changes.forEach(PendingChange::told);
  }
}
