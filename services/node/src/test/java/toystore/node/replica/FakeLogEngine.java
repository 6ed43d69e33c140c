package toystore.node.replica;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import toystore.db.log.LogEngine;
import toystore.db.log.LogFiles;
import toystore.db.log.LogGroup;
import toystore.db.log.LogListener;
import toystore.db.log.LogPosition;
import toystore.db.log.LogSettings;
import toystore.db.log.ReplicatedLog;
import toystore.db.log.ReplicatedState;

/**
 * An engine that finds the files that the test names, and creates a directory with one file where a
 * real engine creates a log.
 */
final class FakeLogEngine implements LogEngine {
  /** The file in each directory that this engine has created. It holds the term. */
  static final String VOTE = "vote";

  private final LogFiles found;

  FakeLogEngine(LogFiles found) {
    this.found = found;
  }

  /** An undamaged log with these entries; -1 for both if it has none. */
  record IntactLog(long currentTerm, long firstIndex, long lastIndex) implements LogFiles.Intact {
    @Override
    public ReplicatedLog start(LogSettings settings, ReplicatedState state, LogListener listener) {
      throw new UnsupportedOperationException("only the preparation of a start is tested");
    }
  }

  @Override
  public LogFiles open(LogGroup group, Path directory) {
    return found;
  }

  @Override
  public LogFiles.Intact create(LogGroup group, Path directory, LogPosition recovered) {
    if (!recovered.equals(LogPosition.NONE)) {
      throw new IllegalArgumentException(
          "a new member has no state, but this one has " + recovered);
    }
    return createDirectory(directory, 0);
  }

  @Override
  public LogFiles.Intact createWithoutVote(LogGroup group, Path directory, long term) {
    return createDirectory(directory, term);
  }

  private static IntactLog createDirectory(Path directory, long term) {
    try {
      Files.createDirectory(directory);
      Files.writeString(directory.resolve(VOTE), Long.toString(term));
      return new IntactLog(term, -1, -1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
