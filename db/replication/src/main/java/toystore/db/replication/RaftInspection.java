package toystore.db.replication;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Reads the vote and every entry of a Raft directory, and says what is wrong with them. */
final class RaftInspection {
  private RaftInspection() {}

  static RaftFiles of(List<Member> members, Path current) throws IOException {
    List<Segment.Name> names = Segment.list(current);
    VoteFile votes = new VoteFile(current);
    if (!votes.exists()) {
      return names.isEmpty()
          ? new RaftFiles.None()
          : new RaftFiles.Damaged(
              current.resolve(VoteFile.NAME) + ", which holds its vote, is missing");
    }
    VoteFile.Vote vote = votes.read();
    String votedFor = vote.votedFor();
    if (votedFor != null && members.stream().noneMatch(m -> m.name().equals(votedFor))) {
      return new RaftFiles.Damaged(
          current.resolve(VoteFile.NAME) + " names a vote for '" + votedFor + "'");
    }
    if (names.isEmpty()) {
      return new RaftFiles.Whole(vote.term(), -1, -1);
    }
    long first = names.getFirst().first();
    long next = first;
    long term = 0;
    for (Segment.Name name : names) {
      if (name.first() != next) {
        return new RaftFiles.Damaged(
            "entries " + next + " to " + (name.first() - 1) + " are missing");
      }
      Segment segment = Segment.read(name);
      if (segment.before().term() != term && next != first) {
        return new RaftFiles.Damaged(
            name.file() + " says that term " + segment.before().term() + " is before it");
      }
      next = segment.last() + 1;
      term = segment.termAt(segment.last());
    }
    if (term > vote.term()) {
      return new RaftFiles.Damaged(
          "its log knows term " + term + ", its vote only term " + vote.term());
    }
    return next == first
        ? new RaftFiles.Whole(vote.term(), -1, -1)
        : new RaftFiles.Whole(vote.term(), first, next - 1);
  }
}
