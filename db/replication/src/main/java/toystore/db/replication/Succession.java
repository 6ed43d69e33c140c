package toystore.db.replication;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;

/**
 * Who stands for election when the leader's process is known to have ended: of those that answer,
 * the one whose log goes furthest, and of equals the highest. It is the one that the others can
 * vote for (Raft §5.4.1), so one vote decides, without the timeouts that keep candidates apart
 * (§5.2). All that may go wrong here costs an election and no entry; where nobody stands, the
 * timeouts still run.
 */
final class Succession {
  private static final System.Logger LOG = System.getLogger(Succession.class.getName());

  private final Member self;
  private final List<Member> members;
  private final RaftServer server;
  private final RaftGroupId group;
  private final LogListener listener;

  Succession(
      Member self,
      List<Member> members,
      RaftServer server,
      RaftGroupId group,
      LogListener listener) {
    this.self = self;
    this.members = List.copyOf(members);
    this.server = server;
    this.group = group;
    this.listener = listener;
  }

  /** To be called when the leader's process has ended. Returns when it is clear who stands. */
  void follow(Member leader) {
    try {
      RaftServer.Division division = server.getDivision(group);
      DivisionInfo info = division.getInfo();
      TermIndex own = division.getRaftLog().getLastEntryTermIndex();
      long term = info.getCurrentTerm();
      if (own == null || !follows(info, leader, term)) {
        return;
      }
      boolean stands = isNext(self, own, othersLogs(leader, term, own), members.size());
      LOG.log(
          Level.INFO,
          "the process of {0} has ended: {1} {2}",
          leader.name(),
          self.name(),
          stands ? "stands for election" : "leaves it to others");
      if (stands && follows(info, leader, term)) {
        stand(leader, own);
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.WARNING, "no early election after the end of " + leader.name(), e);
    }
  }

  private static boolean follows(DivisionInfo info, Member leader, long term) {
    RaftPeerId known = info.getLeaderId();
    return info.isFollower()
        && known != null
        && known.toString().equals(leader.name())
        && info.getCurrentTerm() == term;
  }

  /**
   * Whether a member should stand.
   *
   * @param others the last entries of the others that answered
   * @param size how many members the group has
   */
  static boolean isNext(Member self, TermIndex own, Map<Member, TermIndex> others, int size) {
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
  private Map<Member, TermIndex> othersLogs(Member leader, long term, TermIndex own) {
    Map<Member, TermIndex> logs = new HashMap<>();
    for (Member other : members) {
      if (!other.equals(self) && !other.equals(leader)) {
        try {
          RequestVoteRequestProto request =
              RequestVoteRequestProto.newBuilder()
                  .setServerRequest(request(self, other))
                  .setCandidateTerm(term)
                  .setCandidateLastEntry(own.toProto())
                  .setPreVote(true)
                  .build();
          logs.put(
              other, TermIndex.valueOf(server.getServerRpc().requestVote(request).getLastEntry()));
        } catch (IOException | RuntimeException e) {
          LOG.log(Level.INFO, "{0} does not answer: {1}", other.name(), e.getMessage());
        }
      }
    }
    return logs;
  }

  /** As if the leader had asked for it, which is how Ratis lets a follower stand at once. */
  private void stand(Member leader, TermIndex own) throws IOException {
    try {
      var _ =
          server.startLeaderElection(
              StartLeaderElectionRequestProto.newBuilder()
                  .setServerRequest(request(leader, self))
                  .setLeaderLastEntry(own.toProto())
                  .build());
    } catch (IllegalStateException e) {
      // Its own vote could not be written: it follows nobody now, and no timeout runs any more.
      listener.fatal("this member cannot stand for election", e);
    }
  }

  private RaftRpcRequestProto request(Member from, Member to) {
    return RaftRpcRequestProto.newBuilder()
        .setRequestorId(RaftPeerId.valueOf(from.name()).toByteString())
        .setReplyId(RaftPeerId.valueOf(to.name()).toByteString())
        .setRaftGroupId(RaftGroupIdProto.newBuilder().setId(group.toByteString()))
        .setCallId(CallId.getAndIncrement())
        .build();
  }
}
