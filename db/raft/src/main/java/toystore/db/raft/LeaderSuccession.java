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
 * Decides which member starts an election when the leader's process has ended: of the members that
 * respond, the one with the most up-to-date log, and among equals the one with the highest id. The
 * others can vote for it (Raft §5.4.1), so one election is enough and no random timeout is needed
 * to keep candidates apart (§5.2). A wrong decision costs an election and never an entry. If no
 * member starts an election, the election timeouts still do.
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

  /**
   * Handles the end of the leader's process. Blocks until the other members have responded, and
   * during an election of this member.
   */
  void leaderEnded(Member leader) {
    GroupView view = node.view();
    if (!isFollowing(view, leader, view.term())) {
      return;
    }
    boolean successor = isSuccessor(self, view.lastLog(), lastLogOfOthers(leader), members.size());
    LOG.log(
        Level.INFO,
        "the process of {0} has ended: {1} {2}",
        leader.name(),
        self.name(),
        successor ? "starts an election" : "leaves the election to other members");
    if (successor && isFollowing(node.view(), leader, view.term())) {
      try {
        node.campaign().runWithoutPreVote();
      } catch (UncheckedIOException e) {
        // The node has already reported the failure, and halts.
        LOG.log(Level.WARNING, "no early election after the end of " + leader.name(), e);
      }
    }
  }

  private static boolean isFollowing(GroupView view, Member leader, long term) {
    return view.role() == Raft.Role.FOLLOWER
        && leader.name().equals(view.leader())
        && view.term() == term;
  }

  /**
   * Whether a member should start an election.
   *
   * @param others last log positions of the other members that responded
   * @param groupSize number of members in the group
   */
  static boolean isSuccessor(
      Member self, LogPosition lastLog, Map<Member, LogPosition> others, int groupSize) {
    if ((others.size() + 1) * 2 <= groupSize) {
      return false;
    }
    return others.entrySet().stream()
        .allMatch(
            other -> {
              int order = lastLog.compareTo(other.getValue());
              return order > 0 || (order == 0 && self.id() > other.getKey().id());
            });
  }

  /** Requests pre-votes, because each response contains the voter's last log position. */
  private Map<Member, LogPosition> lastLogOfOthers(Member leader) {
    Map<Member, LogPosition> lastLogs = new HashMap<>();
    for (Member other : leader.others(self.others(members))) {
      try {
        lastLogs.put(other, node.campaign().requestPreVote(other).lastLog());
      } catch (IOException e) {
        LOG.log(Level.INFO, "{0} does not respond: {1}", other.name(), e.getMessage());
      }
    }
    return lastLogs;
  }
}
