package toystore.db.raft;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogSettings;
import toystore.db.log.Member;
import toystore.db.raft.core.Raft;
import toystore.db.raft.core.RequestVote;
import toystore.db.raft.core.RequestVoteResponse;
import toystore.db.raft.transport.RaftClient;

/** Runs the elections in which this member is the candidate, one at a time. */
final class ElectionCampaign {
  private final MemberState member;
  private final Raft raft;
  private final List<Member> others;
  private final RaftClient client;
  private final CommandSubmitter submitter;
  private final long waitNanos;
  private final int majority;

  ElectionCampaign(
      MemberState member,
      List<Member> others,
      RaftClient client,
      CommandSubmitter submitter,
      LogSettings settings) {
    this.member = member;
    this.raft = member.raft();
    this.others = others;
    this.client = client;
    this.submitter = submitter;
    this.majority = (others.size() + 1) / 2 + 1;
    this.waitNanos =
        Math.min(
            settings.electionTimeoutMax().toNanos(),
            TimeUnit.MILLISECONDS.toNanos(client.timeoutMs()));
  }

  /** Requests pre-votes first, so that an election without a chance does not raise the term. */
  synchronized void runWithPreVote() {
    RequestVote preVote = member.read(raft::preVoteRequest);
    List<RequestVoteResponse> responses = requestVotes(preVote);
    if (isMajority(responses)) {
      run(preVote.term() - 1, false);
    } else {
      finish(preVote, responses, false);
    }
  }

  /**
   * Runs an election at once, even if there is a leader: the leader has asked for it, or its
   * process has ended.
   */
  synchronized void runWithoutPreVote() {
    run(member.read(raft::term), true);
  }

  /** Runs an election unless this member's term has changed. */
  private void run(long expectedTerm, boolean evenWithLeader) {
    RequestVote request = start(expectedTerm, evenWithLeader);
    if (request != null) {
      List<RequestVoteResponse> responses = requestVotes(request);
      finish(request, responses, isMajority(responses));
    }
  }

  /** Makes this member a candidate; null if it may not be one. */
  private @Nullable RequestVote start(long expectedTerm, boolean evenWithLeader) {
    return member.decide(
        () -> {
          long now = System.nanoTime();
          return !member.isUsable()
                  || raft.term() != expectedTerm
                  || raft.role() == Raft.Role.LEADER
                  || (!evenWithLeader && raft.electionDeadline() - now > 0)
              ? null
              : raft.startElection(now);
        });
  }

  /** Requests a pre-vote of one member, which changes nothing in either of the two. */
  RequestVoteResponse requestPreVote(Member voter) throws IOException {
    return client.requestVote(voter, member.read(raft::preVoteRequest));
  }

  private boolean isMajority(List<RequestVoteResponse> responses) {
    long votes = 1 + responses.stream().filter(RequestVoteResponse::voteGranted).count();
    return votes >= majority;
  }

  /** Requests votes, and returns once a majority is certain or impossible, or time is up. */
  private List<RequestVoteResponse> requestVotes(RequestVote request) {
    BlockingQueue<Optional<RequestVoteResponse>> received = new LinkedBlockingQueue<>();
    for (Member other : others) {
      client
          .requestVoteAsync(other, request)
          .whenComplete((response, e) -> received.add(Optional.ofNullable(response)));
    }
    List<RequestVoteResponse> responses = new ArrayList<>();
    long deadline = System.nanoTime() + waitNanos;
    try {
      for (int i = 0; i < others.size() && !isMajority(responses); i++) {
        Optional<RequestVoteResponse> next =
            received.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (next == null) {
          break;
        }
        next.ifPresent(responses::add);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("an election must not be interrupted", e);
    }
    return responses;
  }

  /**
   * Ends a pre-vote or an election.
   *
   * @param won whether it was an election and this member has a majority
   */
  private void finish(RequestVote request, List<RequestVoteResponse> responses, boolean won) {
    boolean leads =
        member.decide(
            () -> {
              long now = System.nanoTime();
              responses.forEach(response -> raft.observeTerm(response.term(), now));
              if (won) {
                raft.becomeLeader(request.term(), now);
              } else {
                raft.electionFailed(now);
              }
              return raft.role() == Raft.Role.LEADER;
            });
    LeaderState leader = member.leaderState();
    if (leads && leader != null) {
      submitter.replicate(leader);
    }
  }
}
