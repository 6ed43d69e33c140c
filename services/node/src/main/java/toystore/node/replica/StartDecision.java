package toystore.node.replica;

/** The next step of a start, as {@link StartPolicy} decides it. */
sealed interface StartDecision {
  /** Create the log, the membership marker and the data file of a new member, and start it. */
  record CreateMember() implements StartDecision {}

  /** Open the data file, or create it if there is none. */
  record OpenData() implements StartDecision {}

  /**
   * Quarantine the data file and create an empty one.
   *
   * @param reason what is damaged
   */
  record ReplaceData(String reason) implements StartDecision {}

  /**
   * Fetch the entries between the data and the log from another member.
   *
   * @param index the last entry that the data must contain
   */
  record FetchMissing(long index) implements StartDecision {}

  /** Start the member with these files. */
  record StartMember() implements StartDecision {}

  /**
   * Do not start.
   *
   * @param message the reason, and what the operator can do
   */
  record Refuse(String message) implements StartDecision {}
}
