package toystore.db.raft;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogListener;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.raft.core.Raft;

/**
 * Checks periodically whether this leader makes progress, whether leadership should be transferred
 * to the highest member, and which leader's process to watch.
 */
final class LeadershipMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LeadershipMonitor.class.getName());
  private static final Duration INTERVAL = Duration.ofMillis(250);
  private static final long TRANSFER_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** 15 s: much longer than a slow disk or a slow majority needs. */
  private static final int STALLED_CHECKS = 60;

  /** A follower that is silent for longer does not help to commit, whatever its log holds. */
  private static final long ALIVE_MS = 1_000;

  private final RaftNode node;
  private final List<Member> others;
  private final Member highest;
  private final LogListener listener;
  private final LeadershipTransferPolicy transferPolicy;
  private final LeaderFailureDetector failureDetector;
  private final CommitStallDetector stallDetector = new CommitStallDetector(STALLED_CHECKS);
  private final ScheduledThreadPoolExecutor executor =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("raft-watch").factory());
  private volatile boolean closed;

  LeadershipMonitor(
      RaftNode node,
      Member self,
      List<Member> members,
      LogSettings settings,
      LogListener listener) {
    this.node = node;
    this.others = self.others(members);
    this.highest = members.stream().max(Comparator.comparingInt(Member::id)).orElse(self);
    this.listener = listener;
    this.transferPolicy = new LeadershipTransferPolicy(settings.caughtUpFor());
    LeaderSuccession succession = new LeaderSuccession(self, members, node);
    this.failureDetector = new LeaderFailureDetector(succession::leaderEnded);
  }

  void start() {
    executor.scheduleWithFixedDelay(
        this::check, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  CommitStallDetector stallDetector() {
    return stallDetector;
  }

  /** Whether this member would notice the end of its leader's process at once. */
  boolean isWatchingLeader() {
    return failureDetector.isConnected();
  }

  private void check() {
    if (closed) {
      return;
    }
    try {
      GroupView view = node.view();
      if (node.leads()) {
        if (stallDetector.checkStalled() && someFollowerKeepsUp(view)) {
          listener.fatal("this member leads and commits nothing", null);
        }
        transferIfDue(view);
      } else {
        transferPolicy.reset();
      }
      failureDetector.watch(view.role() == Raft.Role.FOLLOWER ? otherMember(view.leader()) : null);
    } catch (IOException | RuntimeException e) {
      if (!closed) {
        LOG.log(Level.WARNING, "a check of the Raft log failed", e);
      }
    }
  }

  /** If no follower keeps up, a majority may be missing, and no leader could commit anything. */
  private static boolean someFollowerKeepsUp(GroupView view) {
    return view.followers().isEmpty()
        || view.followers().values().stream()
            .anyMatch(f -> f.matchIndex() >= view.commitIndex() && f.silentMs() < ALIVE_MS);
  }

  private @Nullable Member otherMember(@Nullable String name) {
    return Member.named(name, others);
  }

  /** Considers only the highest member: a transfer to any other one would gain nothing. */
  private void transferIfDue(GroupView view) throws IOException {
    GroupView.Follower follower = view.followers().get(highest.name());
    boolean due =
        follower != null
            && transferPolicy.shouldTransferTo(
                highest.name(), follower.matchIndex(), follower.silentMs(), System.nanoTime());
    transferPolicy.checkFinished(view.commitIndex());
    if (due) {
      LOG.log(Level.INFO, "{0} transfers leadership to {1}", node.name(), highest.name());
      transferPolicy.reset();
      node.transferLeadership(highest, TRANSFER_NANOS);
    }
  }

  @Override
  public void close() {
    closed = true;
    executor.shutdown();
    failureDetector.close();
  }
}
