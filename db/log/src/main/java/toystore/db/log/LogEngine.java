package toystore.db.log;

import java.nio.file.Path;

/**
 * An implementation of replicated logs. A service's main chooses one; nothing else in a service
 * knows which.
 */
public interface LogEngine {
  /**
   * Reads and checks the files of a member. The only change to them: what a crash left of the last,
   * unacknowledged write is cut off.
   *
   * @param directory where the log of this member is kept
   */
  LogFiles open(LogGroup group, Path directory);

  /**
   * Creates the files of a member that has never voted.
   *
   * @param recovered the position of the member's state, which must be empty: a state without its
   *     log has lost its votes
   * @throws LogStorageException if the state is not empty, or the files cannot be written
   */
  LogFiles.Intact create(LogGroup group, Path directory, LogPosition recovered);

  /**
   * Creates the files of a member that must not vote in any term up to this one. The directory
   * appears as a whole or not at all.
   *
   * @param term the highest term in which this member may have voted before it lost its files
   * @throws LogStorageException if they cannot be written
   */
  LogFiles.Intact createWithoutVote(LogGroup group, Path directory, long term);
}
