package toystore.db.raft;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import toystore.db.log.IndeterminateException;
import toystore.db.log.Member;
import toystore.db.raft.core.AppendEntriesResponse;
import toystore.db.raft.core.LogEntry;
import toystore.db.raft.core.Raft;
import toystore.db.raft.log.RaftLog;
import toystore.db.raft.transport.InstallState;
import toystore.db.raft.transport.RaftConnection.Kind;
import toystore.db.raft.transport.RaftMessageCodec;
import toystore.db.raft.transport.TimeoutNow;

/**
 * What a member does while it leads, in one term: its links to the others, and who waits for what
 * it proposed. When it is over, it stays so: answers that come later are to another log.
 */
final class LeaderState implements FollowerReplicator.Leader {
  private final RaftNode node;
  private final Raft raft;
  private final RaftLog log;
  private final long term;
  private final List<FollowerReplicator> links;

  // All that follows is changed with the node's lock held.

  private final Map<Long, CompletableFuture<BuiltinLog.Applied>> pending = new HashMap<>();
  private volatile boolean ready;
  private volatile boolean over;
  private boolean handingOver;

  /** A leadership that begins with its node's lock held. */
  LeaderState(RaftNode node, Raft raft, RaftLog log, List<Member> others, long heartbeatNanos) {
    this.node = node;
    this.raft = raft;
    this.log = log;
    this.term = raft.term();
    long first = raft.firstOfTerm();
    this.links =
        others.stream()
            .map(
                other -> new FollowerReplicator(this, other, node.sockets(), heartbeatNanos, first))
            .toList();
  }

  void start() {
    links.forEach(FollowerReplicator::start);
  }

  long term() {
    return term;
  }

  /** Whether it has applied all that earlier leaders committed, and takes commands. */
  boolean isReady() {
    return ready;
  }

  /**
   * An entry was applied here.
   *
   * @return whether this leadership is ready from now on
   */
  boolean becomesReady(long applied) {
    boolean becomes = !ready && !over && applied >= raft.firstOfTerm();
    ready |= becomes;
    return becomes;
  }

  /**
   * Ends it; waits for nobody.
   *
   * @return whether it had been ready
   */
  boolean end() {
    boolean was = ready;
    ready = false;
    over = true;
    links.forEach(FollowerReplicator::stop);
    abandonPending();
    return was;
  }

  /** Nobody is told any more what becomes of what was proposed. */
  void abandonPending() {
    List<CompletableFuture<BuiltinLog.Applied>> undecided = List.copyOf(pending.values());
    pending.clear();
    IndeterminateException why =
        new IndeterminateException("the entry may or may not be committed", null);
    node.tell(() -> undecided.forEach(answer -> answer.completeExceptionally(why)));
  }

  /** Who waits for this entry. */
  @Nullable CompletableFuture<BuiltinLog.Applied> waitsFor(long index) {
    return pending.remove(index);
  }

  /**
   * Puts a command into the log; with the node's lock held.
   *
   * @return null if this leadership takes none now
   */
  @Nullable CompletableFuture<BuiltinLog.Applied> propose(byte[] command) {
    if (!ready || handingOver) {
      return null;
    }
    CompletableFuture<BuiltinLog.Applied> answer = new CompletableFuture<>();
    pending.put(raft.propose(command).index(), answer);
    return answer;
  }

  /** There is something to send. */
  void offer() {
    links.forEach(FollowerReplicator::offer);
  }

  /** Has all told at once what is committed. */
  void hurry() {
    links.forEach(FollowerReplicator::hurry);
  }

  /**
   * Gives leadership to a member, if that has all entries before the time is over. No command is
   * taken meanwhile.
   */
  void handOver(Member to, long patienceNanos) throws IOException {
    long end = System.nanoTime() + patienceNanos;
    handOver(true);
    try {
      while (!hasAll(to) && ready && System.nanoTime() - end < 0) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      if (hasAll(to)) {
        node.sockets().succeed(to, new TimeoutNow(node.name(), term));
      }
    } finally {
      handOver(false);
    }
  }

  private void handOver(boolean begins) {
    var _ =
        node.locked(
            () -> {
              handingOver = begins;
              return begins;
            });
  }

  private boolean hasAll(Member member) {
    return node.locked(() -> !over && raft.match(member.name()) == log.last());
  }

  @Override
  public FollowerReplicator.@Nullable Next next(long next, int bytes) {
    return node.decide(
        () -> {
          // One that has failed is silent, so that others stand.
          if (over || !node.isSound()) {
            return null;
          }
          long base = log.base().index();
          if (next <= base) {
            byte[] begins = RaftMessageCodec.encode(new InstallState(node.name(), term, base + 1));
            return new FollowerReplicator.Next(Kind.BEGINS, begins, next);
          }
          List<LogEntry> entries =
              bytes > 0 && next <= log.last() ? log.entries(next, bytes) : List.of();
          byte[] append = RaftMessageCodec.encode(raft.append(next, entries));
          return new FollowerReplicator.Next(Kind.APPEND, append, next + entries.size());
        });
  }

  @Override
  public long last() {
    return log.last();
  }

  @Override
  public boolean isLarger(long index, int bytes) {
    return node.locked(
        () -> index > log.base().index() && index <= log.last() && log.sizeAt(index) > bytes);
  }

  @Override
  public void alive(String follower) {
    var _ =
        node.locked(
            () -> {
              if (!over) {
                raft.alive(follower, System.nanoTime());
              }
              return over;
            });
  }

  @Override
  public void answered(String follower, AppendEntriesResponse answer) throws UncheckedIOException {
    var _ = node.decide(() -> !over && raft.answered(follower, answer, System.nanoTime()));
  }

  @Override
  public void advance() {
    node.advance();
  }

  @Override
  public void failed(Throwable cause) {
    if (!over) {
      node.fail("entries cannot be sent to others", cause);
    }
  }

  /** Has connections ended that are silent. */
  void look() {
    links.forEach(FollowerReplicator::look);
  }

  /** What is known of each follower; with the node's lock held. */
  Map<String, RaftNode.Follower> followers() {
    long now = System.nanoTime();
    Map<String, RaftNode.Follower> followers = new HashMap<>();
    for (FollowerReplicator link : links) {
      String name = link.follower();
      followers.put(
          name,
          new RaftNode.Follower(
              raft.match(name), TimeUnit.NANOSECONDS.toMillis(raft.silence(name, now))));
    }
    return followers;
  }
}
