package toystore.db.replication;

import java.util.function.LongUnaryOperator;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.grpc.server.GrpcLogAppender;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.protocol.TermIndex;

/**
 * The appender of Ratis 3.3.0 without RATIS-2500: a follower whose next index is the first one of
 * the leader's log is told forever that its snapshot is installed already, and gets no entries. And
 * with an ear for members that lost their log.
 */
final class RatisAppender extends GrpcLogAppender {
  /** An answer without entries must not be repeated in a tight loop. Below half an election. */
  private static final long PAUSE_MS = 30;

  private volatile boolean rejected;

  RatisAppender(RaftServer.Division division, LeaderState leader, FollowerInfo follower) {
    super(division, leader, follower);
  }

  @Override
  public boolean shouldInstallSnapshot(boolean hasSnapshot) {
    if (!super.shouldInstallSnapshot(hasSnapshot)) {
      return false;
    }
    if (stateEndsBeforeLog() && !rejected) {
      return false;
    }
    // After a rejected append the follower's snapshot index may be old: one notification renews it.
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

  @Override
  protected LongUnaryOperator getNextIndexForError(long newNextIndex) {
    rejected = true;
    return super.getNextIndexForError(newNextIndex);
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

  @Override
  public TermIndex shouldNotifyToInstallSnapshot() {
    TermIndex first = super.shouldNotifyToInstallSnapshot();
    if (first != null) {
      try {
        Thread.sleep(PAUSE_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return first;
  }

  /** Makes Ratis use this appender; named in its configuration by class name. */
  public static final class Type implements RpcType {
    @Override
    public String name() {
      return getClass().getName();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
      return new Factory(parameters);
    }
  }

  private static final class Factory extends GrpcFactory {
    Factory(Parameters parameters) {
      super(parameters);
    }

    @Override
    public LogAppender newLogAppender(
        RaftServer.Division division, LeaderState leader, FollowerInfo follower) {
      return new RatisAppender(division, leader, follower);
    }
  }
}
