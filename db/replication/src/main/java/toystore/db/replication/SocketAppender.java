package toystore.db.replication;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.SocketTimeoutException;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotResult;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppenderBase;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.Timestamp;
import org.jspecify.annotations.Nullable;
import toystore.db.replication.RaftConnection.Frame;
import toystore.db.replication.RaftConnection.Kind;

/**
 * A leader's side of one follower (Raft §5.3): sends what the follower lacks as soon as there is
 * something, several messages ahead of their answers, and heartbeats where there is nothing. Where
 * a connection ends, whatever was not answered is sent again over the next one.
 *
 * <p>A follower that lacks what the log has dropped is told so and fetches it itself; see {@link
 * #shouldInstallSnapshot} for what Ratis gets wrong there.
 */
final class SocketAppender extends LogAppenderBase {
  private static final System.Logger LOG = System.getLogger(SocketAppender.class.getName());

  /** Messages with entries on their way; after a new connection's first answer. */
  private static final int WINDOW = 8;

  /** Before the next attempt to connect: the first ones soon, then as long as an election. */
  private static final long SHORT_PAUSE_MS = 10;

  private static final long LONG_PAUSE_MS = 250;
  private static final int SHORT_PAUSES = 20;

  /** An answer that refuses entries must not be answered in a tight loop. */
  private static final long REFUSED_PAUSE_MS = 10;

  /**
   * A follower that has refused so many messages in a row at the same index believes that it is
   * still being installed (the leader that told it so is gone and nobody asks for the outcome),
   * unless it is told anew.
   */
  private static final int REFUSALS = 100;

  /** Where a follower answers other messages, entries may take longer than silence may last. */
  private static final int SLOW_WRITES = 4;

  /** An answer without entries must not be repeated in a tight loop. Below half an election. */
  private static final long MISSING_PAUSE_MS = 30;

  private record Sent(long firstIndex, int entries, Timestamp at) {
    boolean isHeartbeat() {
      return entries == 0;
    }
  }

  /** A connection, and what went over it and was not answered, by call id. */
  private static final class Link {
    final RaftConnection connection;
    final TreeMap<Long, Sent> unanswered = new TreeMap<>();
    boolean answered;

    Link(RaftConnection connection) {
      this.connection = connection;
    }
  }

  /**
   * Guards what is unanswered, and with it the follower's next index. Never taken by who holds a
   * lock of Ratis, since Ratis's are taken within.
   */
  private final Object lock = new Object();

  private final AtomicLong nextCallId = new AtomicLong();
  private volatile @Nullable Link link;
  private volatile int failures;

  /** Messages refused in a row without a step, at which next index; and whether just now. */
  private volatile int refusals;

  private long refusedAt = RaftLog.INVALID_LOG_INDEX;

  private volatile boolean refusedNow;

  /** The last index that the follower was told to fetch up to, and whether it would not hear it. */
  private @Nullable TermIndex told;

  private boolean toldInVain;
  private volatile @Nullable Thread runner;
  private volatile boolean rejected;

  SocketAppender(RaftServer.Division division, LeaderState leader, FollowerInfo follower) {
    super(division, leader, follower);
  }

  private RaftSockets sockets() {
    return (RaftSockets) getServerRpc();
  }

  /**
   * Who asks for a heartbeat triggers it first and then notes, by this, which answers will do. The
   * sender may have taken its call id in between: so it is triggered once more.
   */
  @Override
  public long getCallId() {
    long next = nextCallId.get();
    triggerHeartbeat();
    return next;
  }

  @Override
  public Comparator<Long> getCallIdComparator() {
    return Long::compare;
  }

  /**
   * Ratis calls this also for each commit of anybody, several times an entry. Most often there is
   * nothing to send then, and waking for it costs more than looking. It may hold locks of its own.
   */
  @Override
  public void notifyLogAppender() {
    if (shouldSendAppendEntries()) {
      wake();
    }
  }

  /** A signal is never lost, which Ratis's own way of waiting does not promise. */
  private void wake() {
    LockSupport.unpark(runner);
  }

  @Override
  public void run() throws IOException, InterruptedException {
    runner = Thread.currentThread();
    try {
      while (isRunning()) {
        if (isDue()) {
          Link open = linked();
          if (open != null && isRunning()) {
            boolean missing = tellOfMissing();
            send(open, missing);
          }
        }
        getLeaderState().checkHealth(getFollower());
        pause();
      }
    } finally {
      runner = null;
      drop();
    }
  }

  private boolean isDue() {
    return link == null
        || (isWindowFull() ? getHeartbeatWaitTimeMs() <= 0 : shouldSendAppendEntries());
  }

  private boolean isWindowFull() {
    synchronized (lock) {
      Link open = link;
      long waiting = open == null ? 0 : entriesUnanswered(open);
      return waiting >= WINDOW || (open != null && waiting > 0 && !open.answered);
    }
  }

  private static long entriesUnanswered(Link of) {
    return of.unanswered.values().stream().filter(sent -> !sent.isHeartbeat()).count();
  }

  /** A heartbeat is not checked against entries that may still be on their way. */
  @Override
  public boolean hasPendingDataRequests() {
    synchronized (lock) {
      Link open = link;
      return open != null && entriesUnanswered(open) > 0;
    }
  }

  private void pause() throws InterruptedException {
    if (link == null) {
      Thread.sleep(failures > SHORT_PAUSES ? LONG_PAUSE_MS : SHORT_PAUSE_MS);
    } else if (refusedNow) {
      refusedNow = false;
      Thread.sleep(REFUSED_PAUSE_MS);
    } else if (!isDue()) {
      long ms = Math.max(1, getHeartbeatWaitTimeMs());
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ms));
    }
  }

  /** The connection, opened if there is none; null if that fails. */
  private @Nullable Link linked() throws InterruptedException {
    Link open = link;
    if (open != null) {
      return open;
    }
    try {
      Link opened = new Link(sockets().connectInterruptibly(getFollowerId()));
      Thread ears =
          Thread.ofPlatform()
              .daemon()
              .name("raft-answers-of-" + getFollowerId())
              .unstarted(() -> hear(opened));
      synchronized (lock) {
        link = opened;
      }
      try {
        ears.start();
      } catch (OutOfMemoryError e) {
        broken(opened, e);
        return null;
      }
      return opened;
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "no connection with " + getFollowerId(), e);
      synchronized (lock) {
        failures++;
      }
      return null;
    }
  }

  private void send(Link over, boolean heartbeat) throws IOException {
    AppendEntriesRequestProto request;
    synchronized (lock) {
      if (link != over) {
        return;
      }
      boolean due = getHeartbeatWaitTimeMs() <= 0;
      if (due) {
        // Before the call has its id: who asks from here on waits for a later one.
        resetHeartbeatTrigger();
      }
      long callId = nextCallId.getAndIncrement();
      request = newAppendEntriesRequest(callId, heartbeat || due || isWindowFull());
      if (request == null) {
        return;
      }
      int entries = request.getEntriesCount();
      long first = entries > 0 ? request.getEntries(0).getIndex() : RaftLog.INVALID_LOG_INDEX;
      over.unanswered.put(callId, new Sent(first, entries, Timestamp.currentTime()));
      if (entries > 0) {
        getFollower().increaseNextIndex(request.getEntries(entries - 1).getIndex() + 1);
      }
    }
    getFollower().updateLastRpcSendTime(request.getEntriesCount() == 0);
    try {
      over.connection.send(Kind.APPEND, request);
    } catch (IOException e) {
      broken(over, e);
    }
  }

  /** Answers of one connection, until its end. */
  private void hear(Link from) {
    Throwable why = null;
    try {
      from.connection.patience(sockets().timeoutMs() / 2);
      while (true) {
        try {
          Frame frame = from.connection.receive();
          if (frame.kind() != Kind.APPEND) {
            throw new IOException(getFollowerId() + " says: " + frame.text());
          }
          hear(from, AppendEntriesReplyProto.parseFrom(frame.body()));
          if (isOverdue(from, SLOW_WRITES * sockets().timeoutMs())) {
            throw new IOException("one of its answers is missing");
          }
        } catch (SocketTimeoutException e) {
          if (isOverdue(from, sockets().timeoutMs())) {
            throw e;
          }
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      why = e;
    } finally {
      broken(from, why);
    }
  }

  private boolean isOverdue(Link of, int limitMs) {
    synchronized (lock) {
      Map.Entry<Long, Sent> oldest = of.unanswered.firstEntry();
      return oldest != null && oldest.getValue().at().elapsedTimeMs() > limitMs;
    }
  }

  private void hear(Link from, AppendEntriesReplyProto reply) {
    FollowerInfo follower = getFollower();
    Sent sent;
    synchronized (lock) {
      if (link != from) {
        return;
      }
      sent = from.unanswered.remove(reply.getServerReply().getCallId());
      from.answered = true;
      failures = 0;
      refusedNow = reply.getResult() == AppendResult.INCONSISTENCY;
      // One whose log is being walked back names a lower index each time; that must not be mistaken
      // for one that is stuck: an install would leave its uncommitted entries below the new state.
      refusals = refusedNow && reply.getNextIndex() == refusedAt ? refusals + 1 : 0;
      refusedAt = refusedNow ? reply.getNextIndex() : RaftLog.INVALID_LOG_INDEX;
    }
    if (sent != null) {
      follower.updateLastRespondedAppendEntriesSendTime(sent.at());
    }
    follower.updateLastRpcResponseTime();
    switch (reply.getResult()) {
      case SUCCESS -> {
        getLeaderState().onFollowerCommitIndex(follower, reply.getFollowerCommit());
        if (follower.updateMatchIndex(reply.getMatchIndex())) {
          synchronized (lock) {
            follower.updateNextIndex(reply.getMatchIndex() + 1);
          }
          getLeaderState().onFollowerSuccessAppendEntries(follower);
        }
      }
      case NOT_LEADER -> {
        if (onFollowerTerm(reply.getTerm())) {
          return;
        }
      }
      case INCONSISTENCY -> {
        long first = sent == null ? RaftLog.INVALID_LOG_INDEX : sent.firstIndex();
        synchronized (lock) {
          from.unanswered.clear();
          follower.setNextIndex(getNextIndexForInconsistency(first, reply.getNextIndex()));
        }
      }
      case UNRECOGNIZED -> throw new IllegalStateException("unknown answer " + reply.getResult());
    }
    getLeaderState().onAppendEntriesReply(this, reply);
    if (isDue()) {
      wake();
    }
  }

  /** All that this connection did not answer is to be sent again. */
  private void broken(Link of, @Nullable Throwable why) {
    of.connection.close();
    boolean heartbeatLost;
    synchronized (lock) {
      if (link != of) {
        return;
      }
      heartbeatLost = of.unanswered.values().stream().anyMatch(Sent::isHeartbeat);
      link = null;
      failures++;
      // What this leader knows of the follower's state may be old.
      rejected = true;
      of.unanswered.values().stream()
          .filter(sent -> !sent.isHeartbeat())
          .mapToLong(Sent::firstIndex)
          .min()
          .ifPresent(first -> getFollower().computeNextIndex(getNextIndexForError(first)));
    }
    if (isRunning()) {
      LOG.log(Level.INFO, "the connection with {0} has ended: {1}", getFollowerId(), why);
    }
    if (heartbeatLost) {
      // Somebody may wait for its answer.
      triggerHeartbeat();
    }
    wake();
  }

  /** Tells a follower that its next entry is not in the log any more, if that is so. */
  private boolean tellOfMissing() throws InterruptedException {
    TermIndex first = shouldNotifyToInstallSnapshot();
    if (refusals >= REFUSALS || (first != null && toldInVain)) {
      // What is committed is more than whatever it may have been told of by another leader.
      TermIndex committed = getRaftLog().getTermIndex(getRaftLog().getLastCommittedIndex());
      first = committed == null ? first : committed;
    }
    if (first == null) {
      told = null;
      toldInVain = false;
      return false;
    }
    if (told != null && told.getIndex() > first.getIndex()) {
      first = told;
    }
    told = first;
    refusals = 0;
    Thread.sleep(MISSING_PAUSE_MS);
    getFollower().updateLastRpcSendTime(false);
    try {
      InstallSnapshotReplyProto reply =
          sockets().installInterruptibly(newInstallSnapshotNotificationRequest(first));
      getFollower().updateLastRpcResponseTime();
      toldInVain = false;
      told(reply);
    } catch (IOException e) {
      // It does not hear of less than it was told of before; Ratis looks at that first.
      toldInVain = e instanceof RaftSockets.Refusal;
      LOG.log(Level.INFO, "{0} could not be told what it misses: {1}", getFollowerId(), e);
    }
    return true;
  }

  private void told(InstallSnapshotReplyProto reply) {
    FollowerInfo follower = getFollower();
    switch (reply.getResult()) {
      case SUCCESS -> follower.setAttemptedToInstallSnapshot();
      case ALREADY_INSTALLED, SNAPSHOT_INSTALLED -> installed(reply);
      case SNAPSHOT_UNAVAILABLE -> {
        follower.setAttemptedToInstallSnapshot();
        tellState(InstallSnapshotResult.SNAPSHOT_UNAVAILABLE, RaftLog.INVALID_LOG_INDEX);
      }
      case NOT_LEADER -> {
        var _ = onFollowerTerm(reply.getTerm());
      }
      case IN_PROGRESS -> LOG.log(Level.DEBUG, "{0} fetches what it misses", getFollowerId());
      case CONF_MISMATCH, SNAPSHOT_EXPIRED, UNRECOGNIZED ->
          LOG.log(
              Level.WARNING,
              "{0} was told what it misses and answers {1}",
              getFollowerId(),
              reply.getResult());
    }
  }

  private void installed(InstallSnapshotReplyProto reply) {
    FollowerInfo follower = getFollower();
    told = null;
    long index = reply.getSnapshotIndex();
    synchronized (lock) {
      follower.setSnapshotIndex(index);
      follower.updateNextIndex(index + 1);
    }
    follower.setAttemptedToInstallSnapshot();
    getLeaderState().onFollowerCommitIndex(follower, index);
    if (reply.getResult() == InstallSnapshotResult.SNAPSHOT_INSTALLED
        && index + 1 >= getRaftLog().getStartIndex()) {
      tellState(InstallSnapshotResult.SUCCESS, index);
    }
  }

  private void tellState(InstallSnapshotResult result, long index) {
    getServer()
        .getStateMachine()
        .event()
        .notifySnapshotInstalled(result, index, getFollower().getPeer());
  }

  /**
   * Without RATIS-2500: a follower whose next index is the first one of the leader's log is told
   * forever that its state is installed already, and gets no entries.
   */
  @Override
  public boolean shouldInstallSnapshot(boolean hasSnapshot) {
    if (!super.shouldInstallSnapshot(hasSnapshot)) {
      return false;
    }
    if (stateEndsBeforeLog() && !rejected) {
      return false;
    }
    // After a failure the follower's snapshot index may be old: one notification renews it.
    rejected = false;
    return true;
  }

  /** The follower's state ends exactly where the leader's log begins: appending can start. */
  private boolean stateEndsBeforeLog() {
    FollowerInfo follower = getFollower();
    long next = follower.getNextIndex();
    long snapshot = follower.getSnapshotIndex();
    return follower.hasAttemptedToInstallSnapshot()
        && snapshot > 0
        && snapshot == next - 1
        && follower.getMatchIndex() == snapshot
        && next == getRaftLog().getStartIndex();
  }

  /**
   * A member that lacks what it had acknowledged has lost its log and comes back as a fresh one.
   * Ratis believes it only if the rejected request began right after the match index: replies to
   * heartbeats set the next index back to there, again and again, and what it lacks is not sent.
   */
  @Override
  protected long getNextIndexForInconsistency(long requestFirstIndex, long replyNextIndex) {
    return replyNextIndex <= getFollower().getMatchIndex()
        ? replyNextIndex
        : super.getNextIndexForInconsistency(requestFirstIndex, replyNextIndex);
  }

  private void drop() {
    Link last = link;
    if (last != null) {
      last.connection.close();
    }
  }

  /** A thread that is stuck in a write goes on when its connection is closed. */
  @Override
  public CompletableFuture<LifeCycle.State> stopAsync() {
    CompletableFuture<LifeCycle.State> stopped = super.stopAsync();
    drop();
    return stopped;
  }
}
