package toystore.db.log;

import java.nio.file.Path;

/**
 * An implementation of replicated logs. The main class of a service chooses an engine; no other
 * code of the service depends on the choice.
 */
public interface LogEngine {
  /**
   * Reads and checks the files of one member. Changes nothing, except that it removes an incomplete
   * last write, which was never acknowledged.
   *
   * @param directory the directory that holds the log of this member
   */
  LogFiles open(LogGroup group, Path directory);

  /**
   * Creates the files of a member that has never voted.
   *
   * @param recovered the position of the member's state, which must be {@link LogPosition#NONE}: a
   *     member that has a state but no log has lost its vote
   * @throws LogStorageException if the state is not empty, or the files cannot be written
   */
  LogFiles.Intact create(LogGroup group, Path directory, LogPosition recovered);

  /**
   * Creates the files of a member that must not vote in this term or any earlier one. The directory
   * is created atomically.
   *
   * @param term the highest term in which the member may have voted before it lost its files
   * @throws LogStorageException if the files cannot be written
   */
  LogFiles.Intact createWithoutVote(LogGroup group, Path directory, long term);
}
