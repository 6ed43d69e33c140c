package toystore.node.replica;

import toystore.db.log.LogPosition;

/** What a start knows about the H2 file of a member. */
sealed interface DataFileState {
  /** There is no file. */
  record Absent() implements DataFileState {}

  /** There is a file that has not been opened yet. */
  record Unopened() implements DataFileState {}

  /**
   * The file is damaged.
   *
   * @param reason what is damaged
   */
  record Damaged(String reason) implements DataFileState {}

  /**
   * The file is open.
   *
   * @param applied the position of the last entry that it contains
   * @param installed the position up to which its rows were last fetched from another member
   */
  record Open(LogPosition applied, LogPosition installed) implements DataFileState {}
}
