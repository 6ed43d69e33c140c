package toystore.db.raft.replication;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import toystore.db.raft.core.AppendEntriesResponse;

/**
 * The progress of replication to one follower: which entry to send next, and which requests are in
 * flight. A request is in flight until its response arrives. Times are in nanoseconds.
 *
 * <p>Not thread-safe, except for {@link #oldestSent}.
 */
final class ReplicationPipeline {
  static final long NONE = Long.MIN_VALUE;

  /** Largest number of requests with entries that are in flight. */
  private static final int WINDOW = 8;

  private record InFlight(long prevIndex, int bytes, long sentAt) {}

  private final Deque<InFlight> inFlight = new ArrayDeque<>();
  private int inFlightBytes;
  private long nextIndex;
  private long matchIndex = -1;

  /** Until the follower's match index is known, only one request is in flight. */
  private boolean probing;

  /** Number of requests in flight that follow a rejected one; the follower rejects them too. */
  private int rejectionsToIgnore;

  private long pausedUntil;
  private volatile long oldestSent = NONE;

  /**
   * Creates the pipeline of a new leader.
   *
   * @param nextIndex index of the entry to try first
   */
  ReplicationPipeline(long nextIndex) {
    this.nextIndex = nextIndex;
  }

  /** Starts again over a new connection, with the first entry that is not acknowledged. */
  void restart(long now) {
    inFlight.clear();
    inFlightBytes = 0;
    oldestSent = NONE;
    rejectionsToIgnore = 0;
    pausedUntil = now;
    probing = true;
    if (matchIndex >= 0) {
      nextIndex = matchIndex + 1;
    }
  }

  long nextIndex() {
    return nextIndex;
  }

  boolean isEmpty() {
    return inFlight.isEmpty();
  }

  int inFlightBytes() {
    return inFlightBytes;
  }

  boolean maySendEntries() {
    return inFlight.size() < (probing ? 1 : WINDOW) && System.nanoTime() - pausedUntil >= 0;
  }

  /** A silent follower gets no further heartbeats when enough of them are in flight. */
  boolean maySendHeartbeat() {
    return inFlight.size() < 2 * WINDOW;
  }

  /** The time before which no entries may be sent. */
  long pausedUntil() {
    return pausedUntil;
  }

  /** When the oldest request in flight was sent, or {@link #NONE}. Any thread may call this. */
  long oldestSent() {
    return oldestSent;
  }

  void sent(int bytes, long newNextIndex, long now) {
    if (inFlight.isEmpty()) {
      oldestSent = now;
    }
    inFlight.add(new InFlight(nextIndex - 1, bytes, now));
    inFlightBytes += bytes;
    nextIndex = newNextIndex;
  }

  /**
   * Removes the oldest request in flight, because a response has arrived.
   *
   * @return the index before the first entry of the request
   * @throws IOException if no request is in flight
   */
  long removeOldest() throws IOException {
    InFlight request = inFlight.poll();
    if (request == null) {
      throw new IOException("a response without a request");
    }
    inFlightBytes -= request.bytes();
    InFlight oldest = inFlight.peek();
    oldestSent = oldest == null ? NONE : oldest.sentAt();
    return request.prevIndex();
  }

  void succeeded(AppendEntriesResponse response) {
    probing = false;
    matchIndex = Math.max(matchIndex, response.matchIndex());
    nextIndex = Math.max(nextIndex, matchIndex + 1);
  }

  /**
   * Goes back to where the logs may still agree.
   *
   * @param lastIndex index of the last entry in the leader's log
   * @return false if an earlier rejection has already done so
   */
  boolean rejected(AppendEntriesResponse response, long lastIndex) {
    if (rejectionsToIgnore > 0) {
      rejectionsToIgnore--;
      return false;
    }
    rejectionsToIgnore = inFlight.size();
    probing = true;
    matchIndex = Math.min(matchIndex, response.matchIndex());
    nextIndex = Math.min(response.matchIndex(), lastIndex) + 1;
    return true;
  }

  /** Sends no entries before this time. */
  void pauseUntil(long time) {
    pausedUntil = time;
  }
}
