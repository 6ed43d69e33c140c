package toystore.db.replication;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.server.raftlog.segmented.LogSegment;
import org.apache.ratis.server.raftlog.segmented.LogSegmentPath;
import org.apache.ratis.server.storage.RaftStorageMetadata;
import org.apache.ratis.util.SizeInBytes;

/** Reads the vote and every entry of a Raft directory, and says what is wrong with them. */
final class RaftInspection {
  private static final Pattern SEGMENT = Pattern.compile("log_(inprogress_)?(\\d+)(?:-(\\d+))?");

  /** Larger than any entry: an appender's buffer bounds them. */
  private static final SizeInBytes LARGEST_ENTRY = SizeInBytes.valueOf("8MB");

  private RaftInspection() {}

  /** A file of the log; an open one has no end yet. */
  private record Segment(Path file, long start, long end, boolean open) {}

  static RaftFiles of(List<Member> members, Path current) throws IOException {
    List<Segment> segments = segments(current);
    if (!Files.exists(current.resolve("raft-meta"))) {
      return segments.isEmpty()
          ? new RaftFiles.None()
          : new RaftFiles.Damaged(
              current.resolve("raft-meta") + ", which holds its vote, is missing");
    }
    RaftStorageMetadata vote = vote(members, current);
    long next = segments.isEmpty() ? -1 : segments.getFirst().start;
    long first = next;
    long lastTerm = 0;
    for (Segment segment : segments) {
      if (segment.start != next) {
        return new RaftFiles.Damaged(
            "entries " + next + " to " + (segment.start - 1) + " are missing");
      }
      Read read = read(segment);
      if (!segment.open && read.count != segment.end - segment.start + 1) {
        return new RaftFiles.Damaged(segment.file + " has only " + read.count + " entries");
      }
      next = segment.start + read.count;
      lastTerm = Math.max(lastTerm, read.term);
    }
    if (lastTerm > vote.getTerm()) {
      return new RaftFiles.Damaged(
          "its log knows term " + lastTerm + ", its vote only term " + vote.getTerm());
    }
    return next == first
        ? new RaftFiles.Whole(vote.getTerm(), -1, -1)
        : new RaftFiles.Whole(vote.getTerm(), first, next - 1);
  }

  private static RaftStorageMetadata vote(List<Member> members, Path current) throws IOException {
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(current.resolve("raft-meta"))) {
      properties.load(reader);
      String votedFor = properties.getProperty("votedFor", "?");
      if (!votedFor.isEmpty() && members.stream().noneMatch(m -> m.name().equals(votedFor))) {
        throw new IOException(
            current.resolve("raft-meta") + " names a vote for '" + votedFor + "'");
      }
      return RaftStorageMetadata.valueOf(
          Long.parseLong(properties.getProperty("term", "?")), RaftPeerId.valueOf(votedFor));
    } catch (IllegalArgumentException e) {
      throw new IOException(current.resolve("raft-meta") + " is unreadable", e);
    }
  }

  private static List<Segment> segments(Path current) throws IOException {
    if (!Files.isDirectory(current)) {
      return List.of();
    }
    List<Segment> segments = new ArrayList<>();
    try (Stream<Path> files = Files.list(current)) {
      for (Path file : files.toList()) {
        Matcher name = SEGMENT.matcher(String.valueOf(file.getFileName()));
        if (name.matches()) {
          boolean open = name.group(1) != null;
          segments.add(
              new Segment(
                  file,
                  Long.parseLong(name.group(2)),
                  open ? Long.MAX_VALUE : Long.parseLong(name.group(3)),
                  open));
        }
      }
    }
    segments.sort(Comparator.comparingLong(Segment::start));
    return segments;
  }

  private record Read(long count, long term) {}

  private static Read read(Segment segment) throws IOException {
    LogSegmentPath path = LogSegmentPath.matchLogSegment(segment.file);
    if (path == null) {
      throw new IOException(segment.file + " is no segment of a log");
    }
    // The first index and the highest term, which only rises.
    long[] seen = {segment.start, 0};
    try {
      int count =
          LogSegment.readSegmentFile(
              segment.file.toFile(),
              path.getStartEnd(),
              LARGEST_ENTRY,
              CorruptionPolicy.EXCEPTION,
              null,
              entry -> check(entry, seen));
      return new Read(count, seen[1]);
    } catch (IOException | IllegalStateException e) {
      throw new IOException(segment.file + " is damaged: " + e.getMessage(), e);
    }
  }

  private static void check(LogEntryProto entry, long[] seen) {
    if (entry.getIndex() != seen[0]) {
      throw new IllegalStateException("entry " + entry.getIndex() + " where " + seen[0] + " was");
    }
    seen[0]++;
    seen[1] = Math.max(seen[1], entry.getTerm());
  }
}
