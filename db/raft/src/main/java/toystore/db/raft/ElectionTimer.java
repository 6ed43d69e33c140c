package toystore.db.raft;

import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;
import toystore.db.raft.transport.RaftTransport;

/**
 * Watches the clock of a member: a follower that heard nothing for too long stands for election, a
 * leader that hears no majority stops.
 */
final class ElectionTimer implements Closeable {
  private final RaftNode node;
  private final List<Member> others;
  private final RaftTransport sockets;
  private final long patienceNanos;
  private final long standstillNanos;
  private final int majority;
  private final Thread thread;
  private volatile boolean closed;

  ElectionTimer(
      RaftNode node,
      Member self,
      List<Member> members,
      LogSettings settings,
      RaftTransport sockets) {
    this.node = node;
    this.others = self.others(members);
    this.sockets = sockets;
    this.majority = members.size() / 2 + 1;
    this.patienceNanos =
        Math.min(
            settings.electionMax().toNanos(), TimeUnit.MILLISECONDS.toNanos(sockets.timeoutMs()));
    this.standstillNanos = settings.stepDownAfter().toNanos();
    this.thread = Thread.ofPlatform().daemon().name("raft-clock").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** There is a reason to look before it was time. */
  void wake() {
    if (!Thread.currentThread().equals(thread)) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    try {
      watch();
    } catch (RuntimeException | Error e) {
      node.fail("nobody watches the clock of the Raft log", e);
    }
  }

  private void watch() {
    long expected = System.nanoTime();
    while (!closed) {
      long wait = node.look(System.nanoTime() - expected > standstillNanos);
      if (wait <= 0) {
        attempt();
        expected = System.nanoTime();
      } else {
        expected = System.nanoTime() + wait;
        LockSupport.parkNanos(wait);
      }
    }
  }

  /** First asks whether it would be elected, so that its term disturbs nobody in vain. */
  private synchronized void attempt() {
    RequestVote would = node.wouldYouVote();
    List<RequestVoteResponse> answers = ask(would);
    if (isMajority(answers)) {
      stand(would.term() - 1, false);
    } else {
      node.ended(would, answers, false);
    }
  }

  /** Whether those who say yes are a majority together with this member. */
  private boolean isMajority(List<RequestVoteResponse> answers) {
    return 1 + answers.stream().filter(RequestVoteResponse::granted).count() >= majority;
  }

  /** Stands without asking, and although there may be a leader: that one wants it, or is gone. */
  synchronized void standNow() {
    stand(node.wouldYouVote().term() - 1, true);
  }

  private void stand(long inTerm, boolean evenIfLed) {
    RequestVote asked = node.stand(inTerm, evenIfLed);
    if (asked != null) {
      List<RequestVoteResponse> answers = ask(asked);
      node.ended(asked, answers, isMajority(answers));
    }
  }

  /** The answers that come until a majority is found, or can no longer be. */
  private List<RequestVoteResponse> ask(RequestVote asked) {
    BlockingQueue<Optional<RequestVoteResponse>> heard = new LinkedBlockingQueue<>();
    for (Member other : others) {
      sockets
          .voteLater(other, asked)
          .whenComplete((voted, e) -> heard.add(Optional.ofNullable(voted)));
    }
    List<RequestVoteResponse> answers = new ArrayList<>();
    long end = System.nanoTime() + patienceNanos;
    try {
      for (int i = 0; i < others.size() && !isMajority(answers); i++) {
        Optional<RequestVoteResponse> next =
            heard.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (next == null) {
          break;
        }
        next.ifPresent(answers::add);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts an election", e);
    }
    return answers;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
