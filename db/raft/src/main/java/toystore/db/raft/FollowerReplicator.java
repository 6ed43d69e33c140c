package toystore.db.raft;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import toystore.db.log.Member;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.transport.RaftConnection;
import toystore.db.raft.transport.RaftConnection.Kind;
import toystore.db.raft.transport.RaftMessageCodec;
import toystore.db.raft.transport.RaftTransport;

/**
 * A leader's side of one follower, for one term: entries ahead of their answers, heartbeats, and
 * word that the log begins later than what the follower needs.
 *
 * <p>Whoever has put an entry into the log sends it on, if that cannot block: to wake a thread
 * costs more than to send. What is unanswered is bounded for that, to less than a socket takes.
 * Else, and for all that takes time, there is a thread of its own; another one reads the answers.
 * Where a connection ends, or owes an answer for too long, all that was not answered is sent again
 * over the next one: appends are idempotent (Raft §5.3).
 */
public final class FollowerReplicator {
  private static final System.Logger LOG = System.getLogger(FollowerReplicator.class.getName());

  /** Messages ahead of their answers. */
  private static final int WINDOW = 8;

  /** Bytes that may be unanswered where who sends must not block. */
  private static final int UNBLOCKED = 64 << 10;

  /** Bytes of entries in one message; one entry may be larger. */
  private static final int LARGEST = 1 << 20;

  private static final long NOTHING = Long.MIN_VALUE;
  private static final long SHORTEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** What a link needs of its leader. */
  interface Leader {
    /**
     * What to send a follower next.
     *
     * @param next index of its next entry
     * @param bytes most bytes of entries, though one entry may be larger; 0 for none
     * @return null if this leadership is over
     */
    @Nullable Next next(long next, int bytes);

    /** A follower is at what it was asked. */
    void alive(String follower);

    /** A follower has answered. */
    void answered(String follower, AppendEntriesResponse answer);

    /** The last entry that there is to send. */
    long last();

    /** Whether an entry takes more bytes than these. */
    boolean isLarger(long index, int bytes);

    /** What an answer made possible can be done now. */
    void advance();

    /** This link cannot go on: what it has to send cannot be read, say. */
    void failed(Throwable cause);
  }

  /** Something to send, and the index of the entry that follows it. */
  record Next(Kind kind, byte[] message, long next) {}

  private record Sent(long before, int bytes, long nanos) {}

  private final Leader leader;
  private final Member follower;
  private final RaftTransport sockets;
  private final long heartbeatNanos;
  private final Thread thread;

  private final ReentrantLock sending = new ReentrantLock();
  private final AtomicBoolean wanted = new AtomicBoolean();
  private final Deque<Sent> unanswered = new ArrayDeque<>();
  private int unansweredBytes;
  private long next;

  /** The follower's log is known to agree up to here. */
  private long agreed;

  private boolean probing;

  /** So many answers are to messages that built on one which was refused. */
  private int inVain;

  private long notBefore;
  private long lastSent;
  private volatile @Nullable RaftConnection connection;
  private volatile long lastHeard;

  /** When the oldest message that is unanswered was sent. */
  private volatile long owedSince = NOTHING;

  private volatile boolean urgent;
  private volatile boolean stopped;

  /**
   * A link that has not begun.
   *
   * @param next index of the entry that the follower is tried with first
   */
  FollowerReplicator(
      Leader leader, Member follower, RaftTransport sockets, long heartbeatNanos, long next) {
    this.leader = leader;
    this.follower = follower;
    this.sockets = sockets;
    this.heartbeatNanos = heartbeatNanos;
    this.next = next;
    this.agreed = -1;
    this.thread =
        Thread.ofPlatform().daemon().name("raft-to-" + follower.name()).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  String follower() {
    return follower.name();
  }

  /** Ends at once; waits for nobody, and may be called with any lock held. */
  void stop() {
    stopped = true;
    end(connection);
    LockSupport.unpark(thread);
  }

  private static void end(@Nullable RaftConnection ended) {
    if (ended != null) {
      ended.close();
    }
  }

  /** There is something to send. Does not block. */
  void offer() {
    wanted.set(true);
    while (wanted.get() && !stopped && sending.tryLock()) {
      try {
        wanted.set(false);
        if (!sendWhatIsThere(false)) {
          LockSupport.unpark(thread);
        }
      } catch (UncheckedIOException e) {
        LOG.log(Level.DEBUG, "this member takes part no more", e);
        return;
      } finally {
        sending.unlock();
      }
    }
  }

  /**
   * Ends a connection that owes an answer for too long, also while somebody waits to send over it.
   * To be called every now and then; does not block.
   */
  void look() {
    long since = owedSince;
    long now = System.nanoTime();
    if (since != NOTHING
        && Math.min(now - since, now - lastHeard)
            > TimeUnit.MILLISECONDS.toNanos(sockets.timeoutMs())) {
      LOG.log(Level.DEBUG, "{0} owes an answer", follower.name());
      end(connection);
    }
  }

  /** Tells the follower at once up to where entries are committed. */
  void hurry() {
    urgent = true;
    LockSupport.unpark(thread);
  }

  private void run() {
    try {
      keepConnected();
    } catch (RuntimeException | Error e) {
      leader.failed(e);
    }
  }

  private void keepConnected() {
    long pause = SHORTEST_PAUSE_NANOS;
    while (!stopped) {
      try (RaftConnection to = sockets.connect(follower)) {
        begin(to);
        pause = SHORTEST_PAUSE_NANOS;
        Thread.ofPlatform().daemon().name("raft-from-" + follower.name()).start(() -> hear(to));
        while (!stopped && connection == to) {
          long pauseNanos = work();
          // Who came with an entry meanwhile has left it to this thread.
          if (!wanted.get()) {
            LockSupport.parkNanos(pauseNanos);
          }
        }
      } catch (IOException e) {
        LOG.log(Level.DEBUG, follower.name() + " cannot be reached", e);
      } catch (OutOfMemoryError e) {
        LOG.log(Level.WARNING, "no thread to hear " + follower.name(), e);
      } finally {
        connection = null;
      }
      if (!stopped) {
        LockSupport.parkNanos(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
      }
    }
  }

  private void begin(RaftConnection to) {
    sending.lock();
    try {
      unanswered.clear();
      unansweredBytes = 0;
      owedSince = NOTHING;
      inVain = 0;
      notBefore = System.nanoTime();
      lastHeard = notBefore;
      // One message until it is known what the follower has.
      probing = true;
      if (agreed >= 0) {
        next = agreed + 1;
      }
      lastSent = System.nanoTime() - heartbeatNanos;
      connection = to;
      if (stopped) {
        end(to);
      }
    } finally {
      sending.unlock();
    }
  }

  /**
   * Sends what is to be sent, for as long as it takes.
   *
   * @return nanoseconds until there may be more to do, if nobody wakes this thread before
   */
  private long work() {
    sending.lock();
    try {
      wanted.set(false);
      var _ = sendWhatIsThere(true);
      long now = System.nanoTime();
      if (urgent || now - lastSent >= heartbeatNanos) {
        urgent = false;
        // One that is silent has heartbeats enough before it.
        if (unanswered.size() < 2 * WINDOW) {
          send(0);
        }
        lastSent = now;
      }
      long untilHeartbeat = lastSent + heartbeatNanos - now;
      return leader.last() >= next && notBefore > now
          ? Math.min(untilHeartbeat, notBefore - now)
          : untilHeartbeat;
    } finally {
      sending.unlock();
    }
  }

  /**
   * Sends entries as long as there are some and the window is open.
   *
   * @param mayWait whether who sends may have to wait until the follower takes more
   * @return false if there is more to send, for somebody who may wait
   */
  private boolean sendWhatIsThere(boolean mayWait) {
    while (connection != null
        && leader.last() >= next
        && unanswered.size() < (probing ? 1 : WINDOW)
        && System.nanoTime() - notBefore >= 0) {
      // What may block is sent only where no answer can come meanwhile that would have to wait.
      boolean mayBlock = mayWait && unanswered.isEmpty();
      int room = mayBlock ? LARGEST : UNBLOCKED - unansweredBytes;
      if (!mayBlock && leader.isLarger(next, room)) {
        return mayWait;
      }
      if (!send(room)) {
        return true;
      }
    }
    return true;
  }

  /** Sends one message; false if there was none, or nobody to send it to. */
  private boolean send(int bytes) {
    RaftConnection to = connection;
    Next message = leader.next(next, bytes);
    if (to == null || message == null) {
      return false;
    }
    try {
      long now = System.nanoTime();
      if (unanswered.isEmpty()) {
        owedSince = now;
      }
      unanswered.add(new Sent(next - 1, message.message().length, now));
      unansweredBytes += message.message().length;
      next = message.next();
      lastSent = now;
      to.send(message.kind(), message.message());
      return true;
    } catch (IOException e) {
      LOG.log(Level.DEBUG, follower.name() + " is gone", e);
      giveUp();
      return false;
    }
  }

  private void giveUp() {
    end(connection);
    connection = null;
    LockSupport.unpark(thread);
  }

  private void hear(RaftConnection from) {
    try {
      while (!stopped && connection == from) {
        RaftConnection.Frame frame = from.receive();
        lastHeard = System.nanoTime();
        if (frame.kind() == Kind.BUSY) {
          leader.alive(follower.name());
        } else {
          heard(from, RaftMessageCodec.appended(frame.body()), frame.kind());
          leader.advance();
          offer();
        }
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, follower.name() + " has ended its connection", e);
    } catch (RuntimeException | Error e) {
      leader.failed(e);
    } finally {
      ended(from);
    }
  }

  private void ended(RaftConnection from) {
    sending.lock();
    try {
      if (connection == from) {
        giveUp();
      }
    } finally {
      sending.unlock();
    }
  }

  private void heard(RaftConnection from, AppendEntriesResponse answer, Kind kind)
      throws IOException {
    sending.lock();
    try {
      if (connection != from) {
        return;
      }
      Sent sent = unanswered.poll();
      if (sent == null) {
        throw new IOException(follower.name() + " answers what it was not asked");
      }
      unansweredBytes -= sent.bytes();
      Sent oldest = unanswered.peek();
      owedSince = oldest == null ? NOTHING : oldest.nanos();
      leader.answered(follower.name(), answer);
      if (answer.taken()) {
        probing = false;
        agreed = Math.max(agreed, answer.index());
        next = Math.max(next, agreed + 1);
      } else if (inVain > 0) {
        inVain--;
      } else {
        // What was sent behind it builds on it.
        inVain = unanswered.size();
        probing = true;
        agreed = Math.min(agreed, answer.index());
        next = Math.min(answer.index(), leader.last()) + 1;
        if (kind == Kind.BEGINS && answer.index() <= sent.before()) {
          // It is being filled, or will try again.
          notBefore = System.nanoTime() + heartbeatNanos;
        }
      }
    } finally {
      sending.unlock();
    }
  }
}
