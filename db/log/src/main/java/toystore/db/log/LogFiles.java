package toystore.db.log;

/**
 * The result of checking the files of one member's log. The caller compares the files with the
 * member's state before it starts the member. A started member takes part in elections, and a
 * member whose log has lost its last entries looks to the others like one that is merely behind.
 */
public sealed interface LogFiles {
  /** The directory holds no log. */
  record Absent() implements LogFiles {}

  /**
   * The vote or acknowledged entries are lost. The member must not start with these files.
   *
   * @param reason what is damaged, and in which file
   */
  record Damaged(String reason) implements LogFiles {}

  /** The files are complete, as far as checksums and entry numbers can show. */
  non-sealed interface Intact extends LogFiles {
    /** The highest term that this member has seen. */
    long currentTerm();

    /** The index of the first entry, or -1 if the log is empty. */
    long firstIndex();

    /** The index of the last entry, or -1 if the log is empty. */
    long lastIndex();

    /** Whether the log holds no entry. */
    default boolean isEmpty() {
      return firstIndex() < 0;
    }

    /**
     * Starts the member with these files. From now on it takes part in elections.
     *
     * @param state the state to which the log applies its entries; close it after the log
     * @throws LogStorageException if the files do not match the state, or cannot be used
     */
    ReplicatedLog start(LogSettings settings, ReplicatedState state, LogListener listener);
  }
}
