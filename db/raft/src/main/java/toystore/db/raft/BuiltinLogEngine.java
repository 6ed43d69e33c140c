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

/** The built-in engine: Raft (Ongaro & Ousterhout 2014) as this project implements it. */
public final class BuiltinLogEngine implements LogEngine {
  @Override
  public LogFiles open(LogGroup group, Path directory) {
    return switch (RaftDirectory.inspect(group.id(), group.members(), directory)) {
      case RaftDirectory.None none -> new LogFiles.Absent();
      case RaftDirectory.Damaged damaged -> new LogFiles.Damaged(damaged.why());
      case RaftDirectory.Whole whole -> new Files(group, directory, whole);
    };
  }

  @Override
  public LogFiles.Intact create(LogGroup group, Path directory, LogPosition recovered) {
    // The state is made from the log: a state without its log has lost its votes.
    if (recovered.index() >= 0) {
      throw new LogStorageException(
          "there is data up to "
              + recovered
              + " but no Raft log in "
              + directory
              + ": this member has lost its votes; put the directory back, or have the node"
              + " healed");
    }
    return new Files(group, directory, RaftDirectory.createForNewMember(group.id(), directory));
  }

  @Override
  public LogFiles.Intact createWithoutVote(LogGroup group, Path directory, long term) {
    return new Files(
        group,
        directory,
        RaftDirectory.createForVoteless(group.id(), directory, group.self(), term));
  }

  private record Files(LogGroup group, Path directory, RaftDirectory.Whole whole)
      implements LogFiles.Intact {
    @Override
    public long term() {
      return whole.vote().term();
    }

    @Override
    public long first() {
      return whole.first();
    }

    @Override
    public long last() {
      return whole.last();
    }

    @Override
    public ReplicatedLog start(LogSettings settings, ReplicatedState state, LogListener listener) {
      return BuiltinLog.start(group, directory, whole, settings, state, listener);
    }
  }
}
