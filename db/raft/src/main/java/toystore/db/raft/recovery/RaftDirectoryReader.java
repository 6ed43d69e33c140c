package toystore.db.raft.recovery;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import toystore.db.log.Member;
import toystore.db.raft.core.PersistentState;
import toystore.db.raft.log.Segment;
import toystore.db.raft.log.VoteFile;

/** Reads the vote and every entry of a Raft directory, and says what is wrong with them. */
final class RaftDirectoryReader {
  private RaftDirectoryReader() {}

  static RaftDirectory of(List<Member> members, Path current) throws IOException {
    List<Segment.Name> names = Segment.list(current);
    VoteFile votes = new VoteFile(current);
    if (!votes.exists()) {
      return names.isEmpty()
          ? new RaftDirectory.None()
          : new RaftDirectory.Damaged(
              current.resolve(VoteFile.NAME) + ", which holds its vote, is missing");
    }
    PersistentState vote = votes.read();
    String votedFor = vote.votedFor();
    if (votedFor != null && members.stream().noneMatch(m -> m.name().equals(votedFor))) {
      return new RaftDirectory.Damaged(
          current.resolve(VoteFile.NAME) + " names a vote for '" + votedFor + "'");
    }
    if (names.isEmpty()) {
      return new RaftDirectory.Whole(vote, List.of());
    }
    long first = names.getFirst().first();
    long next = first;
    long term = 0;
    List<Segment> segments = new ArrayList<>();
    for (Segment.Name name : names) {
      if (name.first() != next) {
        return new RaftDirectory.Damaged(
            "entries " + next + " to " + (name.first() - 1) + " are missing");
      }
      Segment segment = Segment.read(name);
      segments.add(segment);
      if (segment.before().term() != term && next != first) {
        return new RaftDirectory.Damaged(
            name.file() + " says that term " + segment.before().term() + " is before it");
      }
      next = segment.last() + 1;
      term = segment.termAt(segment.last());
    }
    if (term > vote.term()) {
      return new RaftDirectory.Damaged(
          "its log knows term " + term + ", its vote only term " + vote.term());
    }
    return new RaftDirectory.Whole(vote, segments);
  }
}
