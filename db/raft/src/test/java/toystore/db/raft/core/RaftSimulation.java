package toystore.db.raft.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.Member;
import toystore.db.raft.TestLedger;

/**
 * Members that run {@link Raft}, and a world that does to them what it may: messages come in any
 * order, twice or never; clocks move; a process ends anywhere and comes back with what it had made
 * durable; logs drop their beginnings. After each step all that Raft promises is looked at (Raft
 * §5.2 to §5.4, figure 3).
 */
final class RaftSimulation {
  private static final long MIN = 10;
  private static final long MAX = 20;

  /** What a world may do wrong, so that a test can show that it would be seen. */
  enum Mistake {
    NONE,
    FORGETS_VOTES,
    ANSWERS_BEFORE_SYNC,
    COUNTS_OWN_BEFORE_SYNC
  }

  /** A message under way, as what happens when it arrives. */
  private record Message(Node to, int incarnation, boolean anyIncarnation, Runnable arrival) {}

  private final class Node {
    private final Member member;
    private final InMemoryEntryLog log = new InMemoryEntryLog();
    private PersistentState vote = PersistentState.NONE;
    private int incarnation;
    private Raft raft;

    /** What the state holds, durably. */
    private LogPosition state = LogPosition.NONE;

    private LogPosition applied = LogPosition.NONE;
    private @Nullable Runnable unconfirmed;
    private long ledTerm = -1;
    private @Nullable RequestVote asking;
    private final Set<String> granted = new HashSet<>();
    private final Map<Node, Long> next = new HashMap<>();

    private Node(Member member) {
      this.member = member;
      this.raft = born();
    }

    private Raft born() {
      return new Raft(
          member,
          members,
          log,
          vote,
          v -> vote = v,
          new Raft.Patience(MIN, () -> MIN + random.nextInt((int) (MAX - MIN) + 1)),
          state.index(),
          now + random.nextInt((int) MAX));
    }

    private void crash() {
      incarnation++;
      if (mistake == Mistake.FORGETS_VOTES) {
        vote = new PersistentState(vote.term(), null);
      }
      log.crash(random);
      applied = state;
      // As RaftLog.open does: a log that does not agree with the state begins anew after it.
      if (state.index() > log.last()
          || (state.index() >= log.base().index() && log.termAt(state.index()) != state.term())) {
        log.reset(state);
      }
      unconfirmed = null;
      ledTerm = -1;
      asking = null;
      raft = born();
    }

    private boolean leads() {
      return raft.role() == Raft.Role.LEADER;
    }
  }

  /** How much goes wrong in this world, beside a hundred things that do not. */
  private record Weather(int clocks, int crashes, int losses) {}

  private final Random random;
  private final Mistake mistake;
  private final Weather weather;
  private final List<Member> members;
  private final List<Node> nodes;
  private final List<Message> network = new ArrayList<>();
  private final Map<Long, String> leaders = new HashMap<>();

  /** Every entry that any member knows to be committed. */
  private final Map<Long, LogEntry> committed = new HashMap<>();

  private long now;
  private long proposed;

  RaftSimulation(long seed, int size, Mistake mistake) {
    this.random = new Random(seed);
    this.mistake = mistake;
    this.weather =
        new Weather(
            1 + random.nextInt(8), random.nextInt(4), random.nextInt(3) * random.nextInt(6));
    this.members =
        IntStream.rangeClosed(1, size)
            .mapToObj(id -> new Member("member-" + id, id, "nowhere", id))
            .toList();
    this.nodes = members.stream().map(Node::new).toList();
  }

  private Node any() {
    return nodes.get(random.nextInt(nodes.size()));
  }

  /** One that takes itself for the leader, if there is one. */
  private Node anyLeader() {
    List<Node> leading = nodes.stream().filter(Node::leads).toList();
    return leading.isEmpty() ? any() : leading.get(random.nextInt(leading.size()));
  }

  private Node node(@Nullable String name) {
    return nodes.stream().filter(n -> n.member.name().equals(name)).findFirst().orElseThrow();
  }

  private void send(Node to, Runnable arrival) {
    network.add(new Message(to, to.incarnation, true, arrival));
  }

  /** An answer reaches the process that asked, or nobody. */
  private void answer(Node to, int incarnation, Runnable arrival) {
    network.add(new Message(to, incarnation, false, arrival));
  }

  /** So many things happen, and then nothing bad any more, until all is well. */
  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      step();
      check();
    }
  }

  /** What happens next; how often what does is a world's own. */
  private void step() {
    int what = random.nextInt(100 + weather.clocks() + weather.crashes() + weather.losses());
    if (what < 55) {
      if (!network.isEmpty()) {
        // Rarely out of order, or twice.
        int index = random.nextInt(5) == 0 ? random.nextInt(network.size()) : 0;
        deliver(index, random.nextInt(20) == 0);
      }
    } else if (what < 70) {
      confirm(any());
    } else if (what < 80) {
      replicate(anyLeader(), any());
    } else if (what < 84) {
      propose(anyLeader());
    } else if (what < 90) {
      syncOwn(any());
    } else if (what < 95) {
      apply(any());
    } else if (what < 97) {
      persist(any());
    } else if (what < 100) {
      purge(any());
    } else if (what < 100 + weather.clocks()) {
      now += random.nextInt(5);
      clock(any());
    } else if (what < 100 + weather.clocks() + weather.crashes()) {
      any().crash();
    } else if (!network.isEmpty()) {
      network.remove(random.nextInt(network.size()));
    }
    if (network.size() > 40) {
      network.remove(random.nextInt(network.size()));
    }
  }

  private void deliver(int index, boolean stays) {
    Message message = network.get(index);
    if (!stays) {
      network.remove(index);
    }
    if (message.anyIncarnation() || message.to().incarnation == message.incarnation()) {
      message.arrival().run();
    }
  }

  private void clock(Node node) {
    if (node.leads()) {
      if (!node.raft.hearsMajority(now, MAX)) {
        node.raft.resign(now, now + MAX);
      }
    } else if (node.raft.deadline() <= now) {
      ask(node, node.raft.wouldYouVote());
      node.raft.failed(now);
    }
  }

  private void ask(Node node, RequestVote asked) {
    node.granted.clear();
    node.granted.add(node.member.name());
    node.asking = asked;
    boolean binding = asked.binding();
    count(node, asked);
    for (Node other : nodes) {
      if (other != node) {
        int incarnation = node.incarnation;
        send(
            other,
            () -> {
              RequestVoteResponse voted = other.raft.asked(asked, now);
              answer(node, incarnation, () -> voted(node, other, asked, voted));
            });
      }
    }
    if (!binding && random.nextInt(20) == 0) {
      // Told to by its leader, or knows that it is gone.
      ask(node, node.raft.stand(now));
    }
  }

  private void voted(Node node, Node from, RequestVote asked, RequestVoteResponse voted) {
    node.raft.observe(voted.term(), now);
    if (voted.granted() && asked.equals(node.asking)) {
      node.granted.add(from.member.name());
      count(node, asked);
    }
  }

  private void count(Node node, RequestVote asked) {
    if (2 * node.granted.size() <= nodes.size()) {
      return;
    }
    if (!asked.binding()) {
      if (node.raft.term() == asked.term() - 1 && !node.leads()) {
        ask(node, node.raft.stand(now));
      }
    } else {
      boolean before = node.leads();
      node.raft.elected(asked.term(), now);
      if (node.leads() && !before) {
        began(node);
      }
    }
  }

  private void began(Node node) {
    node.ledTerm = node.raft.term();
    node.next.clear();
    String other = leaders.putIfAbsent(node.raft.term(), node.member.name());
    require(
        other == null || other.equals(node.member.name()),
        "two leaders in term " + node.raft.term());
    // Leader Completeness.
    committed.forEach(
        (index, entry) -> {
          if (index > node.log.base().index()) {
            require(index <= node.log.last(), node.member.name() + " leads without " + entry);
            require(
                node.log.termAt(index) == entry.term(),
                node.member.name() + " leads without " + entry);
          }
        });
  }

  private void propose(Node node) {
    if (node.leads()) {
      var _ = node.raft.propose(TestLedger.command(proposed++, 0));
    }
  }

  private void syncOwn(Node node) {
    if (mistake == Mistake.COUNTS_OWN_BEFORE_SYNC) {
      node.raft.synced(node.log.last());
    } else {
      node.raft.synced(node.log.sync());
    }
  }

  /** As a link does, or as one does that is wrong about where the follower is. */
  private void replicate(Node leader, Node follower) {
    if (!leader.leads() || leader == follower) {
      return;
    }
    long base = leader.log.base().index();
    long next = leader.next.getOrDefault(follower, leader.log.last() + 1);
    if (random.nextInt(10) == 0) {
      next = base + 1 + random.nextInt((int) (leader.log.last() - base) + 1);
    }
    int incarnation = leader.incarnation;
    long ledTerm = leader.ledTerm;
    if (next <= base) {
      long term = leader.raft.term();
      send(follower, () -> begins(leader, incarnation, ledTerm, follower, term, base + 1));
      return;
    }
    List<LogEntry> entries = new ArrayList<>();
    int most = random.nextInt(4);
    for (long i = next; i <= leader.log.last() && entries.size() < most; i++) {
      entries.add(leader.log.at(i));
    }
    AppendEntries append = leader.raft.append(next, entries);
    leader.next.put(follower, next + entries.size());
    send(
        follower,
        () -> {
          if (follower.unconfirmed != null) {
            // It takes one at a time.
            return;
          }
          AppendEntriesResponse answer = follower.raft.append(append, now);
          Runnable confirm =
              () -> {
                long durable =
                    mistake == Mistake.ANSWERS_BEFORE_SYNC
                        ? follower.log.last()
                        : follower.log.sync();
                AppendEntriesResponse confirmed = follower.raft.confirm(append, answer, durable);
                answer(leader, incarnation, () -> answered(leader, ledTerm, follower, confirmed));
              };
          follower.unconfirmed = confirm;
        });
  }

  private static void confirm(Node node) {
    Runnable confirm = node.unconfirmed;
    if (confirm != null) {
      node.unconfirmed = null;
      confirm.run();
    }
  }

  private void answered(Node leader, long ledTerm, Node follower, AppendEntriesResponse answer) {
    if (leader.leads() && leader.ledTerm == ledTerm) {
      var _ = leader.raft.answered(follower.member.name(), answer, now);
    }
    leader.next.put(follower, Math.min(answer.index(), leader.log.last()) + 1);
  }

  private void begins(
      Node leader, int incarnation, long ledTerm, Node follower, long term, long first) {
    if (follower.raft.lacks(leader.member.name(), term, first, now)) {
      install(follower, node(leader.member.name()));
    }
    AppendEntriesResponse answer =
        new AppendEntriesResponse(follower.raft.term(), false, follower.raft.commit());
    answer(leader, incarnation, () -> answered(leader, ledTerm, follower, answer));
  }

  private void install(Node to, Node from) {
    LogPosition position = from.applied;
    if (position.index() > to.applied.index()) {
      to.state = position;
      to.applied = position;
      to.raft.installed(position);
    }
  }

  private void apply(Node node) {
    long end = Math.min(node.raft.commit(), Math.max(node.log.synced(), node.applied.index()));
    while (node.applied.index() < end) {
      LogEntry entry = node.log.at(node.applied.index() + 1);
      LogEntry known = committed.putIfAbsent(entry.index(), entry);
      require(
          known == null || java.util.Arrays.equals(known.encoded(), entry.encoded()),
          node.member.name() + " applies " + entry + " where " + known + " was committed");
      node.applied = new LogPosition(entry.term(), entry.index());
    }
  }

  /** Its storage catches up, as far as it likes. */
  private void persist(Node node) {
    if (node.applied.index() > node.state.index()) {
      node.state = node.applied;
    }
  }

  private void purge(Node node) {
    long upTo = Math.min(node.state.index(), node.log.last());
    if (upTo > node.log.base().index()) {
      node.log.purge(upTo - random.nextInt((int) (upTo - node.log.base().index())));
    }
  }

  private void check() {
    for (Node node : nodes) {
      long from = Math.max(node.log.base().index(), node.state.index()) + 1;
      for (long i = from; i <= node.raft.commit(); i++) {
        LogEntry mine = node.log.at(i);
        LogEntry known = committed.putIfAbsent(i, mine);
        require(
            known == null || java.util.Arrays.equals(known.encoded(), mine.encoded()),
            node.member.name() + " commits " + mine + " where " + known + " was committed");
      }
      LogEntry stated = committed.get(node.state.index());
      require(
          stated == null || stated.term() == node.state.term(),
          node.member.name() + " has a state as of " + node.state + " beside " + stated);
      require(
          node.raft.commit() <= node.log.last(), node.member.name() + " commits what is not there");
    }
    committed.forEach((index, entry) -> requireMajority(index, entry));
  }

  /** What is committed is durable on a majority, whatever crashes now. */
  private void requireMajority(long index, LogEntry entry) {
    long have =
        nodes.stream()
            .filter(
                n ->
                    n.state.index() >= index
                        || (n.log.synced() >= index
                            && (index <= n.log.base().index()
                                || n.log.termAt(index) == entry.term())))
            .count();
    require(2 * have > nodes.size(), entry + " is committed and only on " + have);
  }

  /** From now on messages arrive, and nobody crashes: all have to agree before long. */
  void heal() {
    for (int i = 0; i < 4_000 && !isWell(); i++) {
      now++;
      for (Node node : nodes) {
        confirm(node);
        clock(node);
        syncOwn(node);
        apply(node);
        for (Node other : nodes) {
          if (i % 2 == 0) {
            replicate(node, other);
          }
        }
      }
      while (!network.isEmpty()) {
        deliver(0, false);
        nodes.forEach(RaftSimulation::confirm);
      }
      check();
    }
    require(isWell(), "they do not agree, though nothing hinders them");
  }

  private boolean isWell() {
    Node leader = nodes.stream().filter(Node::leads).findFirst().orElse(null);
    return leader != null
        && leader.raft.commit() >= leader.raft.firstOfTerm()
        && nodes.stream()
            .allMatch(
                n ->
                    n.log.last() == leader.log.last()
                        && n.raft.commit() == leader.log.last()
                        && Objects.equals(n.raft.leader(), leader.member.name()));
  }

  /** How much was agreed on. */
  int committed() {
    return committed.size();
  }

  /** In how many terms somebody led. */
  int leaders() {
    return leaders.size();
  }

  private void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what + " at " + now);
    }
  }
}
