package toystore.db.raft.recovery;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import toystore.db.log.Member;
import toystore.db.raft.core.PersistentState;
import toystore.db.raft.log.Segment;
import toystore.db.raft.log.SegmentName;
import toystore.db.raft.log.VoteFile;

/** Reads and verifies the vote and every entry of a Raft directory. */
final class RaftDirectoryReader {
  private RaftDirectoryReader() {}

  static RaftDirectory read(List<Member> members, Path directory) throws IOException {
    List<SegmentName> names = SegmentName.list(directory);
    VoteFile voteFile = new VoteFile(directory);
    if (!voteFile.exists()) {
      return names.isEmpty()
          ? new RaftDirectory.Absent()
          : new RaftDirectory.Damaged(
              directory.resolve(VoteFile.NAME) + ", which holds the vote, is missing");
    }
    PersistentState persistent = voteFile.read();
    String votedFor = persistent.votedFor();
    if (votedFor != null && members.stream().noneMatch(m -> m.name().equals(votedFor))) {
      return new RaftDirectory.Damaged(
          directory.resolve(VoteFile.NAME)
              + " holds a vote for '"
              + votedFor
              + "', which is not a member");
    }
    return names.isEmpty()
        ? new RaftDirectory.Intact(persistent, List.of())
        : readSegments(persistent, names);
  }

  private static RaftDirectory readSegments(PersistentState persistent, List<SegmentName> names)
      throws IOException {
    long firstIndex = names.getFirst().firstIndex();
    long nextIndex = firstIndex;
    long term = 0;
    List<Segment> segments = new ArrayList<>();
    for (SegmentName name : names) {
      if (name.firstIndex() != nextIndex) {
        return new RaftDirectory.Damaged(
            "entries " + nextIndex + " to " + (name.firstIndex() - 1) + " are missing");
      }
      Segment segment = Segment.read(name);
      segments.add(segment);
      if (segment.base().term() != term && nextIndex != firstIndex) {
        return new RaftDirectory.Damaged(
            name.file()
                + " follows an entry of term "
                + segment.base().term()
                + ", but the entry before it has term "
                + term);
      }
      nextIndex = segment.lastIndex() + 1;
      term = segment.termAt(segment.lastIndex());
    }
    if (term > persistent.term()) {
      return new RaftDirectory.Damaged(
          "the log holds an entry of term "
              + term
              + ", but the vote file only knows term "
              + persistent.term());
    }
    return new RaftDirectory.Intact(persistent, segments);
  }
}
