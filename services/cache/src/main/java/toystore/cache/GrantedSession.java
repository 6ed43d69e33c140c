package toystore.cache;

/** One session in the catalog: its lease, and the invalidations that it has not acknowledged. */
final class GrantedSession {
  final String url;
  long expiresNanos;

  /** When the oldest invalidation that this session has not acknowledged was sent. */
  long unacknowledgedSinceNanos;

  /** The number of invalidations that this session has not acknowledged. */
  int unacknowledged;

  /** Whether the lease is not renewed any more. Changes may still wait until it expires. */
  boolean ended;

  GrantedSession(String url, long expiresNanos) {
    this.url = url;
    this.expiresNanos = expiresNanos;
  }

  /** Creates a copy, for tests that explore several continuations of one state. */
  GrantedSession(GrantedSession other) {
    this(other.url, other.expiresNanos);
    unacknowledgedSinceNanos = other.unacknowledgedSinceNanos;
    unacknowledged = other.unacknowledged;
    ended = other.ended;
  }

  boolean hasExpired(long nowNanos) {
    return expiresNanos - nowNanos <= 0;
  }

  void invalidationSent(long nowNanos) {
    if (unacknowledged++ == 0) {
      unacknowledgedSinceNanos = nowNanos;
    }
  }

  void acknowledged() {
    unacknowledged--;
  }

  /** Whether an invalidation has not been acknowledged for longer than the given time. */
  boolean isLateWithAcknowledgement(long nowNanos, long maxNanos) {
    return unacknowledged > 0 && nowNanos - unacknowledgedSinceNanos > maxNanos;
  }
}
