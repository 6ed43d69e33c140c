package toystore.db.raft;

import toystore.db.log.LogFiles;

/** The intact files of a member's log, as values that tests compare. */
public record FoundLog(long term, long first, long last) {
  /** Opens the files of a member; anything but intact files is returned as it is. */
  public static Object in(TestGroup group, int member) {
    LogFiles files = TestGroup.ENGINE.open(group.asMember(member), group.raftDirectory(member));
    return files instanceof LogFiles.Intact intact
        ? new FoundLog(intact.term(), intact.first(), intact.last())
        : files;
  }
}
