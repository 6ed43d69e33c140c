package toystore.db.raft;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.LogStatus;
import toystore.db.log.LogStorageException;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.log.VoteFile;
import toystore.db.raft.recovery.RaftDirectory;

/**
 * A replicated log on Raft (Ongaro & Ousterhout 2014). The members of a group agree on the log, and
 * it drives a {@link ReplicatedState} on each of them. A group may have a single member.
 */
public final class BuiltinLog implements ReplicatedLog {
  private static final System.Logger LOG = System.getLogger(BuiltinLog.class.getName());

  private final RaftNode node;
  private final LeadershipMonitor monitor;
  private final LinearizableReads reads;

  private BuiltinLog(RaftNode node, LeadershipMonitor monitor) {
    this.node = node;
    this.monitor = monitor;
    this.reads = node.linearizableReads(this::commitNoOp);
  }

  /**
   * Starts this member, which takes part in elections from then on.
   *
   * @param files the vote and the log that were found in the directory
   * @throws LogStorageException if the files do not fit the state or cannot be used
   */
  static BuiltinLog start(
      LogGroup group,
      Path directory,
      RaftDirectory.Intact files,
      LogSettings settings,
      ReplicatedState state,
      LogListener listener) {
    LogPosition recovered = state.recoveredPosition();
    Path current = RaftDirectory.currentDirectory(group.id(), directory);
    try {
      RaftLog log = RaftLog.open(current, settings.segmentBytes(), files.segments(), recovered);
      try {
        requireNoGap(recovered, log.base().index() + 1);
        RaftNode node =
            new RaftNode(
                group, new VoteFile(current), files.persistent(), log, settings, state, listener);
        LeadershipMonitor monitor =
            new LeadershipMonitor(node, group.self(), group.members(), settings, listener);
        BuiltinLog started = new BuiltinLog(node, monitor);
        started.run();
        return started;
      } catch (IOException | RuntimeException e) {
        log.close();
        throw e;
      }
    } catch (IOException e) {
      throw new LogStorageException("the Raft log in " + directory + " cannot be started", e);
    }
  }

  private static void requireNoGap(LogPosition recovered, long firstIndex) {
    if (firstIndex > recovered.index() + 1) {
      throw new LogStorageException(
          "the Raft log begins at "
              + firstIndex
              + ", the data end at "
              + recovered.index()
              + ": the entries in between are lost on this node; heal the node");
    }
  }

  private void run() throws IOException {
    try {
      node.start();
    } catch (IOException | RuntimeException e) {
      // Stop the threads that were already started.
      try {
        node.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    monitor.start();
  }

  @Override
  public CompletableFuture<Applied> submit(byte[] command) {
    CommitStallDetector stallDetector = monitor.stallDetector();
    stallDetector.commandSubmitted();
    CompletableFuture<Applied> submission = node.submit(command);
    submission.whenComplete((applied, e) -> stallDetector.commandCompleted());
    return submission;
  }

  @Override
  public CompletableFuture<Applied> commitNoOp() {
    return submit(new byte[0]);
  }

  /**
   * {@inheritDoc}
   *
   * <p>A follower asks its leader for the commit index. In a group of three this is sufficient: as
   * long as the follower follows this leader, no other member can have been elected, because that
   * requires the vote of one of the two.
   */
  @Override
  public CompletableFuture<Void> barrier() {
    return reads.barrier();
  }

  @Override
  public boolean leads() {
    return node.leads();
  }

  @Override
  public LogStatus status() {
    GroupView view = node.view();
    Map<String, Long> lag = new HashMap<>();
    view.followers()
        .forEach((name, f) -> lag.put(name, Math.max(0, view.commitIndex() - f.matchIndex())));
    return new LogStatus(
        node.leads(), view.leader(), view.term(), view.commitIndex(), node.appliedIndex(), lag);
  }

  /** Whether this member would notice the end of its leader's process at once. */
  boolean isWatchingLeader() {
    return monitor.isWatchingLeader();
  }

  @Override
  public void close() {
    monitor.close();
    try {
      node.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the Raft log did not close cleanly", e);
    }
  }
}
