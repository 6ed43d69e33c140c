package toystore.node.replica;

import java.nio.file.Path;
import toystore.db.log.LogFiles;
import toystore.db.log.LogGroup;

/**
 * Decides from the files of a member whether it may start, and what is rebuilt first. It neither
 * reads nor changes files. The table in {@code services/node/DESIGN.md} lists all cases.
 *
 * <p>A member must not take part in its group if it may have forgotten a vote, or entries that it
 * acknowledged. Its data can be rebuilt from its own log if the log begins at entry 0, and
 * otherwise from another member.
 */
final class StartPolicy {
  private final String node;
  private final boolean onlyMember;
  private final Path raft;
  private final Path data;

  /**
   * Creates the policy of one member.
   *
   * @param raft the directory of its log
   * @param data its H2 file
   */
  StartPolicy(LogGroup group, Path raft, Path data) {
    this.node = group.self().name();
    this.onlyMember = group.hasOneMember();
    this.raft = raft;
    this.data = data;
  }

  /**
   * Decides the next step.
   *
   * @param wasMember whether there was a membership marker before this start
   */
  StartDecision decide(LogFiles log, DataFileState dataState, boolean wasMember) {
    return switch (log) {
      case LogFiles.Absent _ -> decideWithoutLog(dataState, wasMember);
      case LogFiles.Damaged damaged ->
          mayHaveForgotten("its Raft log is damaged", damaged.reason());
      case LogFiles.Intact intact -> decideWithLog(intact, dataState);
    };
  }

  private StartDecision decideWithoutLog(DataFileState dataState, boolean wasMember) {
    if (!(dataState instanceof DataFileState.Absent)) {
      return mayHaveForgotten("its Raft log is gone", data + " exists, but " + raft + " does not");
    }
    return wasMember
        ? mayHaveForgotten(
            "its files are gone", "it has been a member, but " + raft + " does not exist")
        : new StartDecision.CreateMember();
  }

  private StartDecision decideWithLog(LogFiles.Intact log, DataFileState dataState) {
    boolean dataLost =
        dataState instanceof DataFileState.Absent || dataState instanceof DataFileState.Damaged;
    // Refuses before the data file is created or replaced. Otherwise the next start would find an
    // empty file, and accept it.
    if (dataLost && log.isEmpty() && log.currentTerm() > 0) {
      return mayHaveForgotten(
          "its data are gone and its log holds no entry", "no file shows what it had");
    }
    return switch (dataState) {
      case DataFileState.Absent _ ->
          hasSource(log) ? new StartDecision.OpenData() : noSource(log, data + " is gone");
      case DataFileState.Unopened _ -> new StartDecision.OpenData();
      case DataFileState.Damaged damaged ->
          hasSource(log)
              ? new StartDecision.ReplaceData(damaged.reason())
              : noSource(log, damaged.reason());
      case DataFileState.Open open -> decideWithData(log, open);
    };
  }

  private StartDecision decideWithData(LogFiles.Intact log, DataFileState.Open open) {
    long applied = open.applied().index();
    if (applied < log.firstIndex() - 1) {
      return hasSource(log)
          ? new StartDecision.FetchMissing(log.firstIndex() - 1)
          : noSource(log, "its data end at entry " + applied);
    }
    // A log that ends before the data has lost entries, unless the data were fetched from another
    // member. To the other members it would look like a log that is merely behind.
    if (applied > Math.max(log.lastIndex(), open.installed().index())) {
      return mayHaveForgotten(
          "its Raft log has lost its end",
          "the log ends at entry " + log.lastIndex() + ", the data end at entry " + applied);
    }
    return new StartDecision.StartMember();
  }

  /** Whether lost data can be rebuilt, from this log or from another member. */
  private boolean hasSource(LogFiles.Intact log) {
    return log.firstIndex() <= 0 || !onlyMember;
  }

  private StartDecision.Refuse noSource(LogFiles.Intact log, String why) {
    return new StartDecision.Refuse(
        node
            + " cannot be rebuilt: "
            + why
            + ". It is the only member of its group, and its log begins at entry "
            + log.firstIndex()
            + ". Restore its directory from a backup");
  }

  private StartDecision.Refuse mayHaveForgotten(String what, String why) {
    String remedy =
        onlyMember
            ? "It is the only member of its group, so no other member has its data. Restore its"
                + " directory from a backup"
            : "Start all other members, then run: toyctl heal " + node;
    return new StartDecision.Refuse(
        node
            + " must not take part in its group: "
            + what
            + " ("
            + why
            + "). It may have forgotten a vote, or entries that it acknowledged. "
            + remedy);
  }
}
