package toystore.db.raft;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import toystore.db.log.Member;
import toystore.db.log.ReplicatedLog;
import toystore.db.raft.transport.CommitIndexResponse;
import toystore.db.raft.transport.RaftClient;

/** The barrier before a linearizable read (Raft §8), on the leader or on a follower. */
final class LinearizableReads {
  private static final long TIMEOUT_SECONDS = 30;

  private final MemberState member;
  private final List<Member> others;
  private final RaftClient client;
  private final Applier applier;
  private final ReadIndex readIndex;

  LinearizableReads(
      MemberState member,
      List<Member> others,
      RaftClient client,
      Applier applier,
      Supplier<CompletableFuture<?>> commitNoOp) {
    this.member = member;
    this.others = others;
    this.client = client;
    this.applier = applier;
    this.readIndex = new ReadIndex(commitNoOp);
  }

  /** See {@link ReplicatedLog#barrier}. */
  CompletableFuture<Void> barrier() {
    if (!others.isEmpty() && member.leads()) {
      return readIndex.confirmLeadership();
    }
    CompletableFuture<Void> passed = new CompletableFuture<>();
    Thread.ofVirtual().name("raft-barrier").start(() -> completeWhenApplied(passed));
    return passed;
  }

  private void completeWhenApplied(CompletableFuture<Void> passed) {
    try {
      applier
          .whenApplied(currentCommitIndex())
          .orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
          .whenComplete(
              (done, e) -> {
                if (e == null) {
                  passed.complete(null);
                } else {
                  passed.completeExceptionally(e);
                }
              });
    } catch (IOException | RuntimeException e) {
      passed.completeExceptionally(new IOException("no linearizable read is possible now", e));
    }
  }

  /**
   * The commit index of a group of one, or that of the leader.
   *
   * @throws IOException if the leader is unknown or no longer leads
   */
  private long currentCommitIndex() throws IOException {
    GroupView view = member.view();
    if (member.leads() && others.isEmpty()) {
      return view.commitIndex();
    }
    Member leader = Member.named(view.leader(), others);
    if (leader == null) {
      throw new IOException("no leader is known");
    }
    CommitIndexResponse response = client.commitIndex(leader);
    if (!response.leads() || response.term() != view.term()) {
      throw new IOException(leader.name() + " no longer leads");
    }
    return response.commitIndex();
  }
}
