package toystore.db.raft.core;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import toystore.db.log.Member;

/**
 * A group of members that run {@link Raft}, with simulated messages, clocks, disks and crashes.
 * Messages arrive in any order, twice or never. Clocks advance at any time. A process crashes at
 * any step and restarts with what it had made durable. Logs drop their first entries. After each
 * step the safety properties of Raft are checked.
 */
final class RaftSimulation {
  private static final int RECOVERY_STEPS = 4_000;

  /** A mistake that all members of a simulation make, to test that the simulation detects it. */
  enum Mistake {
    NONE,
    FORGETS_VOTES,
    ACKNOWLEDGES_BEFORE_SYNC,
    COUNTS_OWN_LOG_BEFORE_SYNC
  }

  /** Sends a follower's response to its leader. */
  @FunctionalInterface
  interface ResponseSender {
    void send(AppendEntriesResponse response);
  }

  /** Average number of clock steps, crashes and lost messages per hundred other steps. */
  private record FaultRates(int clockSteps, int crashes, int losses) {}

  private final Random random;
  private final FaultRates faults;
  private final List<SimulatedMember> members;
  private final SimulatedNetwork network;
  private final SafetyChecker safety;
  private long now;
  private long proposals;

  RaftSimulation(long seed, int size, Mistake mistake) {
    this.random = new Random(seed);
    this.faults =
        new FaultRates(
            1 + random.nextInt(8), random.nextInt(4), random.nextInt(3) * random.nextInt(6));
    this.network = new SimulatedNetwork(random);
    this.safety = new SafetyChecker(() -> now);
    List<Member> group =
        IntStream.rangeClosed(1, size)
            .mapToObj(id -> new Member("member-" + id, id, "nowhere", id))
            .toList();
    this.members =
        group.stream()
            .map(member -> new SimulatedMember(member, group, random, () -> now, mistake))
            .toList();
  }

  /** The number of entries that were committed. */
  int committedCount() {
    return safety.committedCount();
  }

  private SimulatedMember anyMember() {
    return members.get(random.nextInt(members.size()));
  }

  /** One of the members that act as leader, or any member if there is none. */
  private SimulatedMember anyLeader() {
    List<SimulatedMember> leaders = members.stream().filter(SimulatedMember::isLeader).toList();
    return leaders.isEmpty() ? anyMember() : leaders.get(random.nextInt(leaders.size()));
  }

  /** Runs this many random steps, and checks the safety properties after each. */
  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      step();
      safety.checkAll(members);
    }
  }

  private void step() {
    int choice = random.nextInt(100 + faults.clockSteps() + faults.crashes() + faults.losses());
    if (choice < 55) {
      if (!network.isEmpty()) {
        network.deliverAny();
      }
    } else if (choice < 70) {
      anyMember().confirm();
    } else if (choice < 80) {
      replicate(anyLeader(), anyMember());
    } else if (choice < 84) {
      propose(anyLeader());
    } else if (choice < 90) {
      anyMember().syncLog();
    } else if (choice < 95) {
      anyMember().apply(safety);
    } else if (choice < 97) {
      anyMember().persist();
    } else if (choice < 100) {
      anyMember().purgeLog();
    } else if (choice < 100 + faults.clockSteps()) {
      now += random.nextInt(5);
      checkTimeouts(anyMember());
    } else if (choice < 100 + faults.clockSteps() + faults.crashes()) {
      anyMember().crash();
    } else if (!network.isEmpty()) {
      network.loseAny();
    }
    network.loseOneIfFull();
  }

  private void checkTimeouts(SimulatedMember member) {
    Raft raft = member.raft();
    if (member.isLeader()) {
      if (!raft.heardFromMajority(now, SimulatedMember.MAX_TIMEOUT)) {
        raft.stepDown(now, now + SimulatedMember.MAX_TIMEOUT);
      }
    } else if (raft.electionDeadline() <= now) {
      requestVotes(member, raft.preVoteRequest());
      member.raft().electionFailed(now);
    }
  }

  // Elections

  private void requestVotes(SimulatedMember candidate, RequestVote request) {
    candidate.startVote(request);
    countVotes(candidate, request);
    int incarnation = candidate.incarnation();
    for (SimulatedMember voter : members) {
      if (voter != candidate) {
        network.sendRequest(
            voter,
            () -> {
              RequestVoteResponse response = voter.raft().handleRequestVote(request, now);
              network.sendResponse(
                  candidate,
                  incarnation,
                  () -> handleVoteResponse(candidate, voter, request, response));
            });
      }
    }
    if (request.preVote() && random.nextInt(20) == 0) {
      // The leader sent TimeoutNow, or the member noticed that the leader's process has ended.
      requestVotes(candidate, candidate.raft().startElection(now));
    }
  }

  private void handleVoteResponse(
      SimulatedMember candidate,
      SimulatedMember voter,
      RequestVote request,
      RequestVoteResponse response) {
    candidate.raft().observeTerm(response.term(), now);
    if (response.voteGranted() && candidate.isLatestRequest(request)) {
      candidate.addVote(voter.name());
      countVotes(candidate, request);
    }
  }

  private void countVotes(SimulatedMember candidate, RequestVote request) {
    if (!candidate.hasMajority()) {
      return;
    }
    Raft raft = candidate.raft();
    if (request.preVote()) {
      if (raft.term() == request.term() - 1 && !candidate.isLeader()) {
        requestVotes(candidate, raft.startElection(now));
      }
    } else {
      boolean wasLeader = candidate.isLeader();
      raft.becomeLeader(request.term(), now);
      if (candidate.isLeader() && !wasLeader) {
        candidate.startLeading();
        safety.checkNewLeader(candidate);
      }
    }
  }

  // Replication

  private void propose(SimulatedMember member) {
    if (member.isLeader()) {
      var _ = member.raft().propose(ByteBuffer.allocate(Long.BYTES).putLong(proposals++).array());
    }
  }

  /** Sends entries from the follower's next index, or sometimes from an arbitrary index. */
  private void replicate(SimulatedMember leader, SimulatedMember follower) {
    if (!leader.isLeader() || leader == follower) {
      return;
    }
    InMemoryEntryLog log = leader.log();
    long base = log.base().index();
    long next = leader.nextIndex(follower);
    if (random.nextInt(10) == 0) {
      next = base + 1 + random.nextInt((int) (log.lastIndex() - base) + 1);
    }
    ResponseSender sender = responseSender(leader, follower);
    if (next <= base) {
      sendInstallState(leader, follower, base + 1, sender);
      return;
    }
    List<LogEntry> entries = new ArrayList<>();
    int maxEntries = random.nextInt(4);
    for (long i = next; i <= log.lastIndex() && entries.size() < maxEntries; i++) {
      entries.add(log.at(i));
    }
    AppendEntries request = leader.raft().appendEntriesFrom(next, entries);
    leader.setNextIndex(follower, next + entries.size());
    network.sendRequest(follower, () -> follower.append(request, sender));
  }

  /** The leader notifies the follower that its log begins later than the follower's ends. */
  private void sendInstallState(
      SimulatedMember leader, SimulatedMember follower, long firstIndex, ResponseSender sender) {
    long term = leader.raft().term();
    network.sendRequest(
        follower,
        () -> {
          Raft raft = follower.raft();
          if (raft.handleInstallState(leader.name(), term, firstIndex, now)) {
            follower.installFrom(leader);
          }
          sender.send(new AppendEntriesResponse(raft.term(), false, raft.commitIndex()));
        });
  }

  private ResponseSender responseSender(SimulatedMember leader, SimulatedMember follower) {
    int incarnation = leader.incarnation();
    long leaderTerm = leader.leaderTerm();
    return response ->
        network.sendResponse(
            leader, incarnation, () -> handleResponse(leader, leaderTerm, follower, response));
  }

  private void handleResponse(
      SimulatedMember leader,
      long leaderTerm,
      SimulatedMember follower,
      AppendEntriesResponse response) {
    if (leader.isLeader() && leader.leaderTerm() == leaderTerm) {
      var _ = leader.raft().handleAppendEntriesResponse(follower.name(), response, now);
    }
    leader.setNextIndex(follower, Math.min(response.matchIndex(), leader.log().lastIndex()) + 1);
  }

  // Liveness

  /** Runs without faults, and requires that all members agree within a bounded number of steps. */
  void recover() {
    for (int i = 0; i < RECOVERY_STEPS && !allAgree(); i++) {
      now++;
      for (SimulatedMember member : members) {
        member.confirm();
        checkTimeouts(member);
        member.syncLog();
        member.apply(safety);
        for (SimulatedMember other : members) {
          if (i % 2 == 0) {
            replicate(member, other);
          }
        }
      }
      while (!network.isEmpty()) {
        network.deliverOldest();
        members.forEach(SimulatedMember::confirm);
      }
      safety.checkAll(members);
    }
    safety.require(allAgree(), "the members do not agree, although there are no faults");
  }

  private boolean allAgree() {
    SimulatedMember leader =
        members.stream().filter(SimulatedMember::isLeader).findFirst().orElse(null);
    return leader != null
        && leader.raft().commitIndex() >= leader.raft().firstIndexOfTerm()
        && members.stream().allMatch(member -> hasAllOf(leader, member));
  }

  private static boolean hasAllOf(SimulatedMember leader, SimulatedMember member) {
    long last = leader.log().lastIndex();
    return member.log().lastIndex() == last
        && member.raft().commitIndex() == last
        && Objects.equals(member.raft().leader(), leader.name());
  }
}
