package toystore.db.raft;

import java.nio.file.Path;
import toystore.db.log.LogEngine;
import toystore.db.log.LogFiles;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.LogStorageException;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;
import toystore.db.raft.recovery.RaftDirectory;

/** The built-in engine: this project's implementation of Raft. */
public final class BuiltinLogEngine implements LogEngine {
  @Override
  public LogFiles open(LogGroup group, Path directory) {
    return switch (RaftDirectory.inspect(group.id(), group.members(), directory)) {
      case RaftDirectory.Absent absent -> new LogFiles.Absent();
      case RaftDirectory.Damaged damaged -> new LogFiles.Damaged(damaged.reason());
      case RaftDirectory.Intact intact -> new Files(group, directory, intact);
    };
  }

  @Override
  public LogFiles.Intact create(LogGroup group, Path directory, LogPosition recovered) {
    // Data come from a log. If the log is missing, so is the vote.
    if (recovered.index() >= 0) {
      throw new LogStorageException(
          "there is data up to "
              + recovered
              + " but no Raft log in "
              + directory
              + ": this member has lost its vote; restore the directory, or heal the node");
    }
    return new Files(group, directory, RaftDirectory.createForNewMember(group.id(), directory));
  }

  @Override
  public LogFiles.Intact createWithoutVote(LogGroup group, Path directory, long term) {
    return new Files(
        group,
        directory,
        RaftDirectory.createWithoutVote(group.id(), directory, group.self(), term));
  }

  private record Files(LogGroup group, Path directory, RaftDirectory.Intact intact)
      implements LogFiles.Intact {
    @Override
    public long currentTerm() {
      return intact.persistent().term();
    }

    @Override
    public long firstIndex() {
      return intact.firstIndex();
    }

    @Override
    public long lastIndex() {
      return intact.lastIndex();
    }

    @Override
    public ReplicatedLog start(LogSettings settings, ReplicatedState state, LogListener listener) {
      return BuiltinLog.start(group, directory, intact, settings, state, listener);
    }
  }
}
