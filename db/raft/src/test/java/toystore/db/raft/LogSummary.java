package toystore.db.raft;

import toystore.db.log.LogFiles;

/** The term and the first and last index of intact log files, as a value that tests can compare. */
public record LogSummary(long term, long firstIndex, long lastIndex) {
  /** Opens the files of a member. If they are not intact, returns the {@link LogFiles} instead. */
  public static Object read(TestGroup group, int member) {
    LogFiles files = TestGroup.ENGINE.open(group.asMember(member), group.raftDirectory(member));
    return files instanceof LogFiles.Intact intact
        ? new LogSummary(intact.currentTerm(), intact.firstIndex(), intact.lastIndex())
        : files;
  }
}
