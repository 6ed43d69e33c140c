package toystore.db.raft;

import java.io.Closeable;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;
import toystore.db.log.LogSettings;
import toystore.db.raft.core.Raft;

/**
 * The clock of a member. A follower that has not heard from a leader for its election timeout
 * starts an election. A leader that has not heard from a majority steps down.
 */
final class ElectionTimer implements Closeable {
  private static final System.Logger LOG = System.getLogger(ElectionTimer.class.getName());

  private final MemberState member;
  private final Raft raft;
  private final boolean alone;
  private final ElectionCampaign campaign;
  private final RaftRpcHandler rpcHandler;
  private final long leaderTimeoutNanos;
  private final long stepDownNanos;
  private final long intervalNanos;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Creates a timer that has not started.
   *
   * @param alone whether this member is the only one of its group
   */
  ElectionTimer(
      MemberState member,
      boolean alone,
      ElectionCampaign campaign,
      RaftRpcHandler rpcHandler,
      LogSettings settings) {
    this.member = member;
    this.raft = member.raft();
    this.alone = alone;
    this.campaign = campaign;
    this.rpcHandler = rpcHandler;
    this.leaderTimeoutNanos = settings.electionTimeoutMax().toNanos();
    this.stepDownNanos = settings.stepDownAfter().toNanos();
    this.intervalNanos = LeaderState.heartbeatNanos(settings);
    this.thread = Thread.ofPlatform().daemon().name("raft-clock").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Makes the timer check at once. Does not block. */
  void wake() {
    if (!Thread.currentThread().equals(thread)) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    try {
      long expected = System.nanoTime();
      while (!closed) {
        boolean processStoodStill = System.nanoTime() - expected > stepDownNanos;
        long waitNanos = check(processStoodStill);
        if (waitNanos <= 0) {
          campaign.runWithPreVote();
          expected = System.nanoTime();
        } else {
          expected = System.nanoTime() + waitNanos;
          LockSupport.parkNanos(waitNanos);
        }
      }
    } catch (RuntimeException | Error e) {
      member.fail("the thread of the election timer has died", e);
    }
  }

  /**
   * Checks all timeouts once.
   *
   * @param processStoodStill whether this process did not run for a long time
   * @return nanoseconds until the next check, or 0 to start an election now
   */
  private long check(boolean processStoodStill) {
    boolean busy = rpcHandler.reportIfBusy();
    LeaderState leader = member.leaderState();
    if (leader != null) {
      leader.closeOverdueConnections();
    }
    return member.decide(
        () -> {
          long now = System.nanoTime();
          if (raft.role() != Raft.Role.LEADER) {
            if (busy) {
              raft.postponeElection(now);
            }
            return Math.clamp(raft.electionDeadline() - now, 0, intervalNanos);
          }
          if (!alone && (processStoodStill || !raft.heardFromMajority(now, leaderTimeoutNanos))) {
            LOG.log(Level.INFO, "{0} does not hear from a majority and steps down", member.name());
            raft.stepDown(now, now + stepDownNanos);
          }
          return intervalNanos;
        });
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
