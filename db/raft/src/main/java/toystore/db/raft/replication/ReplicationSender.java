package toystore.db.raft.replication;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.transport.RaftConnection;
import toystore.db.raft.transport.RaftConnection.Frame;
import toystore.db.raft.transport.RaftConnection.Kind;
import toystore.db.raft.transport.RaftMessageCodec;

/**
 * Sends entries and heartbeats to one follower over its current connection, and handles the
 * responses. Several threads may send; a lock serializes them.
 *
 * <p>A thread that has appended an entry sends it itself, provided that this cannot block. For
 * that, the bytes in flight are limited to less than the send buffer of a socket. All sends that
 * may block are left to the follower's own thread.
 */
final class ReplicationSender {
  private static final System.Logger LOG = System.getLogger(ReplicationSender.class.getName());

  /** Limit for the bytes in flight when the sending thread must not block. */
  private static final int NON_BLOCKING_BYTES = 64 << 10;

  /** Limit for the entries in one request; a single entry may be larger. */
  private static final int MAX_REQUEST_BYTES = 1 << 20;

  private final ReplicationSource source;
  private final String follower;
  private final long heartbeatNanos;
  private final Runnable wakeThread;

  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicBoolean sendRequested = new AtomicBoolean();
  private final ReplicationPipeline pipeline;
  private long lastSent;
  private volatile @Nullable RaftConnection connection;
  private volatile long lastReceived;
  private volatile boolean heartbeatRequested;
  private volatile boolean stopped;

  /**
   * Creates a sender without a connection.
   *
   * @param nextIndex index of the entry to try first
   * @param wakeThread wakes the follower's own thread, which then calls {@link #sendAll}
   */
  ReplicationSender(
      ReplicationSource source,
      String follower,
      long heartbeatNanos,
      long nextIndex,
      Runnable wakeThread) {
    this.source = source;
    this.follower = follower;
    this.heartbeatNanos = heartbeatNanos;
    this.pipeline = new ReplicationPipeline(nextIndex);
    this.wakeThread = wakeThread;
  }

  /** Stops sending and closes the connection. Does not block. */
  void stop() {
    stopped = true;
    close(connection);
    wakeThread.run();
  }

  private static void close(@Nullable RaftConnection connection) {
    if (connection != null) {
      connection.close();
    }
  }

  boolean isStopped() {
    return stopped;
  }

  /** Sends over this connection from now on, starting with what is not acknowledged. */
  void attach(RaftConnection newConnection) {
    lock.lock();
    try {
      long now = System.nanoTime();
      pipeline.restart(now);
      lastReceived = now;
      lastSent = now - heartbeatNanos;
      connection = newConnection;
      if (stopped) {
        close(newConnection);
      }
    } finally {
      lock.unlock();
    }
  }

  boolean isAttached(RaftConnection candidate) {
    return connection == candidate;
  }

  /** Closes this connection if it is the current one. */
  void drop(RaftConnection ended) {
    lock.lock();
    try {
      if (connection == ended) {
        dropConnection();
      }
    } finally {
      lock.unlock();
    }
  }

  private void dropConnection() {
    close(connection);
    connection = null;
    wakeThread.run();
  }

  /** Called when the follower's own thread stops using its connection. */
  void detach() {
    connection = null;
  }

  /** Sends new entries unless that may block; the follower's own thread sends the rest. */
  void trySend() {
    sendRequested.set(true);
    while (sendRequested.get() && !stopped && lock.tryLock()) {
      try {
        sendRequested.set(false);
        if (!sendEntries(false)) {
          wakeThread.run();
        }
      } catch (UncheckedIOException e) {
        LOG.log(Level.DEBUG, "this member has failed", e);
        return;
      } finally {
        lock.unlock();
      }
    }
  }

  /** Whether a thread that could not take the lock has left entries to the follower's thread. */
  boolean isSendRequested() {
    return sendRequested.get();
  }

  /**
   * Sends all entries and a heartbeat if one is due. May block.
   *
   * @return nanoseconds after which this method must be called again
   */
  long sendAll() {
    lock.lock();
    try {
      sendRequested.set(false);
      var _ = sendEntries(true);
      long now = System.nanoTime();
      if (heartbeatRequested || now - lastSent >= heartbeatNanos) {
        heartbeatRequested = false;
        if (pipeline.maySendHeartbeat()) {
          send(0);
        }
        lastSent = now;
      }
      long untilHeartbeat = lastSent + heartbeatNanos - now;
      return source.lastIndex() >= pipeline.nextIndex() && pipeline.pausedUntil() > now
          ? Math.min(untilHeartbeat, pipeline.pausedUntil() - now)
          : untilHeartbeat;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends entries while there are any and the window is open.
   *
   * @param mayBlock whether the calling thread may wait for the follower
   * @return false if there is more to send that a thread that may block must send
   */
  private boolean sendEntries(boolean mayBlock) {
    while (connection != null
        && source.lastIndex() >= pipeline.nextIndex()
        && pipeline.maySendEntries()) {
      // While requests are in flight, responses arrive. Handling them needs the lock, so a send
      // must // not block then.
      boolean unlimited = mayBlock && pipeline.isEmpty();
      int maxBytes = unlimited ? MAX_REQUEST_BYTES : NON_BLOCKING_BYTES - pipeline.inFlightBytes();
      if (!unlimited && source.isLarger(pipeline.nextIndex(), maxBytes)) {
        return mayBlock;
      }
      if (!send(maxBytes)) {
        return true;
      }
    }
    return true;
  }

  /** Sends one request; false if there is none, or no connection. */
  private boolean send(int maxBytes) {
    RaftConnection current = connection;
    ReplicationSource.Request request = source.nextRequest(pipeline.nextIndex(), maxBytes);
    if (current == null || request == null) {
      return false;
    }
    try {
      long now = System.nanoTime();
      pipeline.sent(request.message().length, request.nextIndex(), now);
      lastSent = now;
      current.send(request.kind(), request.message());
      return true;
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the connection to " + follower + " has failed", e);
      dropConnection();
      return false;
    }
  }

  /** Handles a frame from the follower; only one thread per connection calls this. */
  void handleFrame(RaftConnection from, Frame frame) throws IOException {
    lastReceived = System.nanoTime();
    if (frame.kind() == Kind.BUSY) {
      source.followerBusy(follower);
    } else {
      AppendEntriesResponse response = RaftMessageCodec.decodeAppendEntriesResponse(frame.body());
      handleResponse(from, response, frame.kind());
      source.applyCommitted();
      trySend();
    }
  }

  private void handleResponse(RaftConnection from, AppendEntriesResponse response, Kind kind)
      throws IOException {
    lock.lock();
    try {
      if (connection != from) {
        return;
      }
      long prevIndex = pipeline.removeOldest();
      source.handleResponse(follower, response);
      if (response.success()) {
        pipeline.succeeded(response);
      } else if (pipeline.rejected(response, source.lastIndex())
          && kind == Kind.INSTALL_STATE
          && response.matchIndex() <= prevIndex) {
        // The follower is fetching a state, or its last attempt failed and it will retry.
        pipeline.pauseUntil(System.nanoTime() + heartbeatNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Informs the follower of the commit index at once. */
  void requestHeartbeat() {
    heartbeatRequested = true;
    wakeThread.run();
  }

  /**
   * Closes the connection if a response is overdue, even while another thread waits to send. Does
   * not block.
   */
  void closeIfOverdue(long timeoutNanos) {
    long oldestSent = pipeline.oldestSent();
    long now = System.nanoTime();
    if (oldestSent != ReplicationPipeline.NONE
        && Math.min(now - oldestSent, now - lastReceived) > timeoutNanos) {
      LOG.log(Level.DEBUG, "a response of {0} is overdue", follower);
      close(connection);
    }
  }
}
