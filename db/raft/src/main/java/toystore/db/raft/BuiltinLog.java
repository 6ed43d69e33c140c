package toystore.db.raft;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.LogStatus;
import toystore.db.log.LogStorageException;
import toystore.db.log.Member;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.log.VoteFile;
import toystore.db.raft.recovery.RaftDirectory;

/**
 * A log that a group of members agrees on by Raft (Ongaro & Ousterhout 2014) and that drives a
 * {@link ReplicatedState} on each of them. A group of one and a group of three are the same code.
 */
public final class BuiltinLog implements ReplicatedLog {
  private static final System.Logger LOG = System.getLogger(BuiltinLog.class.getName());
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final long TRANSFER_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long BARRIER_SECONDS = 30;

  /** 15 s: much longer than a disk or a majority that is merely slow takes. */
  private static final int STALLED_LOOKS = 60;

  /** Whoever is silent for longer cannot help to commit, however much it has. */
  private static final long ALIVE_MS = 1_000;

  private final Member self;
  private final Member highest;
  private final RaftNode node;
  private final LogListener listener;
  private final LeadershipTransferPolicy keeper;
  private final List<Member> members;
  private final LeaderFailureDetector leaderWatch;
  private final CommitStallDetector stallWatch = new CommitStallDetector(STALLED_LOOKS);
  private final ReadIndex proof = new ReadIndex(this::fence);
  private final ScheduledThreadPoolExecutor watch;
  private volatile boolean closing;

  private BuiltinLog(
      Member self,
      List<Member> members,
      RaftNode node,
      LogSettings settings,
      LogListener listener) {
    this.self = self;
    this.members = List.copyOf(members);
    this.highest =
        members.stream().max((one, other) -> Integer.compare(one.id(), other.id())).orElse(self);
    this.node = node;
    this.listener = listener;
    this.keeper = new LeadershipTransferPolicy(settings.caughtUpFor());
    this.leaderWatch = new LeaderFailureDetector(new LeaderSuccession(self, members, node)::follow);
    this.watch =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("raft-watch").factory());
  }

  /**
   * Starts this member. It takes part in elections from here on.
   *
   * @param files its vote and its log, as they were found in the directory
   * @throws LogStorageException if the files do not fit the state or cannot be used
   */
  static BuiltinLog start(
      LogGroup group,
      Path directory,
      RaftDirectory.Whole files,
      LogSettings settings,
      ReplicatedState state,
      LogListener listener) {
    LogPosition recovered = state.recovered();
    Path current = RaftDirectory.current(group.id(), directory);
    try {
      RaftLog log = RaftLog.open(current, settings.segmentBytes(), files.segments(), recovered);
      try {
        requireDataFor(log.base().index() + 1, recovered);
        RaftNode node =
            new RaftNode(
                group, new VoteFile(current), files.vote(), log, settings, state, listener);
        BuiltinLog started =
            new BuiltinLog(group.self(), group.members(), node, settings, listener);
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

  private static void requireDataFor(long first, LogPosition recovered) {
    if (first > recovered.index() + 1) {
      throw new LogStorageException(
          "the Raft log begins at "
              + first
              + ", the data end at "
              + recovered.index()
              + ": what lies between is lost here; have the node healed");
    }
  }

  private void run() throws IOException {
    try {
      node.start();
    } catch (IOException | RuntimeException e) {
      // Else its threads go on.
      try {
        node.close();
      } catch (IOException also) {
        e.addSuppressed(also);
      }
      throw e;
    }
    watch.scheduleWithFixedDelay(
        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public CompletableFuture<Applied> submit(byte[] command) {
    stallWatch.asked();
    CompletableFuture<Applied> answer = node.submit(command);
    answer.whenComplete((applied, e) -> stallWatch.answered());
    return answer;
  }

  @Override
  public CompletableFuture<Applied> fence() {
    return submit(new byte[0]);
  }

  /**
   * {@inheritDoc}
   *
   * <p>A follower asks its leader for the commit index. In a group of three that is enough: as long
   * as the follower takes it for the leader, nobody else can have been elected without either of
   * the two.
   */
  @Override
  public CompletableFuture<Void> barrier() {
    if (members.size() > 1 && leads()) {
      return proof.ask();
    }
    CompletableFuture<Void> passed = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("raft-barrier")
        .start(
            () -> {
              try {
                node.appliedAllCommitted()
                    .orTimeout(BARRIER_SECONDS, TimeUnit.SECONDS)
                    .whenComplete(
                        (done, e) -> {
                          if (e == null) {
                            passed.complete(null);
                          } else {
                            passed.completeExceptionally(e);
                          }
                        });
              } catch (IOException | RuntimeException e) {
                passed.completeExceptionally(new IOException("no linearizable read now", e));
              }
            });
    return passed;
  }

  @Override
  public boolean leads() {
    return node.leads();
  }

  @Override
  public LogStatus status() {
    RaftNode.View view = node.view();
    Map<String, Long> lag = new HashMap<>();
    view.followers().forEach((name, f) -> lag.put(name, Math.max(0, view.commit() - f.match())));
    return new LogStatus(
        node.leads(), view.leader(), view.term(), view.commit(), node.appliedIndex(), lag);
  }

  /** Every {@link #LOOK}: is this member alive, whom to watch, and should a higher one lead? */
  private void look() {
    if (closing) {
      return;
    }
    try {
      RaftNode.View view = node.view();
      if (node.leads()) {
        if (stallWatch.isStalled() && someFollowerKeepsUp(view)) {
          listener.fatal("this member leads and commits nothing", null);
        }
        giveWay(view);
      } else {
        keeper.reset();
      }
      leaderWatch.watch(view.role() == Raft.Role.FOLLOWER ? otherMember(view.leader()) : null);
    } catch (IOException | RuntimeException e) {
      if (!closing) {
        LOG.log(Level.WARNING, "a look at the Raft log failed", e);
      }
    }
  }

  /** Else a majority may be missing, or still be filled: nobody could commit anything. */
  private static boolean someFollowerKeepsUp(RaftNode.View view) {
    return view.followers().isEmpty()
        || view.followers().values().stream()
            .anyMatch(f -> f.match() >= view.commit() && f.silentMs() < ALIVE_MS);
  }

  /** Whether this member follows and would notice the end of the leader's process at once. */
  boolean watchesLeader() {
    return leaderWatch.connected();
  }

  private @Nullable Member otherMember(@Nullable String name) {
    return Member.named(name, self.others(members));
  }

  /** Only to the highest: a lower one that leads is as good as another lower one. */
  private void giveWay(RaftNode.View view) throws IOException {
    RaftNode.Follower follower = view.followers().get(highest.name());
    boolean yield =
        follower != null
            && keeper.shouldYieldTo(
                highest.name(), follower.match(), follower.silentMs(), System.nanoTime());
    keeper.looked(view.commit());
    if (yield) {
      LOG.log(Level.INFO, "{0} gives leadership to {1}", self.name(), highest.name());
      keeper.reset();
      node.handOver(highest, TRANSFER_NANOS);
    }
  }

  @Override
  public void close() {
    closing = true;
    watch.shutdown();
    leaderWatch.close();
    try {
      node.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the Raft log did not close cleanly", e);
    }
  }
}
