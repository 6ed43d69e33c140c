package toystore.db.raft;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import toystore.db.log.LogPosition;
import toystore.db.log.Member;
import toystore.db.raft.core.Raft;

/**
 * Who stands for election when the leader's process is known to have ended: of those that answer,
 * the one whose log goes furthest, and of equals the highest. It is the one that the others can
 * vote for (Raft §5.4.1), so one vote decides, without the timeouts that keep candidates apart
 * (§5.2). All that may go wrong here costs an election and no entry; where nobody stands, the
 * timeouts still run.
 */
final class LeaderSuccession {
  private static final System.Logger LOG = System.getLogger(LeaderSuccession.class.getName());

  private final Member self;
  private final List<Member> members;
  private final RaftNode node;

  LeaderSuccession(Member self, List<Member> members, RaftNode node) {
    this.self = self;
    this.members = List.copyOf(members);
    this.node = node;
  }

  /** To be called when the leader's process has ended. Returns when it is clear who stands. */
  void follow(Member leader) {
    RaftNode.View view = node.view();
    if (!follows(view, leader, view.term())) {
      return;
    }
    boolean stands = isNext(self, view.end(), othersLogs(leader), members.size());
    LOG.log(
        Level.INFO,
        "the process of {0} has ended: {1} {2}",
        leader.name(),
        self.name(),
        stands ? "stands for election" : "leaves it to others");
    if (stands && follows(node.view(), leader, view.term())) {
      try {
        node.elections().standNow();
      } catch (UncheckedIOException e) {
        // The node has been told: it halts.
        LOG.log(Level.WARNING, "no early election after the end of " + leader.name(), e);
      }
    }
  }

  private static boolean follows(RaftNode.View view, Member leader, long term) {
    return view.role() == Raft.Role.FOLLOWER
        && leader.name().equals(view.leader())
        && view.term() == term;
  }

  /**
   * Whether a member should stand.
   *
   * @param others the last entries of the others that answered
   * @param size how many members the group has
   */
  static boolean isNext(Member self, LogPosition own, Map<Member, LogPosition> others, int size) {
    if ((others.size() + 1) * 2 <= size) {
      return false;
    }
    return others.entrySet().stream()
        .allMatch(
            other -> {
              int order = own.compareTo(other.getValue());
              return order > 0 || (order == 0 && self.id() > other.getKey().id());
            });
  }

  /** Asks as a candidate does before it stands, which binds nobody; each tells its last entry. */
  private Map<Member, LogPosition> othersLogs(Member leader) {
    Map<Member, LogPosition> logs = new HashMap<>();
    for (Member other : leader.others(self.others(members))) {
      try {
        logs.put(other, node.sockets().vote(other, node.wouldYouVote()).last());
      } catch (IOException e) {
        LOG.log(Level.INFO, "{0} does not answer: {1}", other.name(), e.getMessage());
      }
    }
    return logs;
  }
}
