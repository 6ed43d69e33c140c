package toystore.db.log;

/**
 * The files of one member's log, as an engine found them before the member takes part. The caller
 * looks at them first, because a started member takes part in elections, and a member whose log has
 * lost its end looks like one that is only behind.
 */
public sealed interface LogFiles {
  /** No log was ever written here. */
  record Absent() implements LogFiles {}

  /** A vote or acknowledged entries are lost. The member must not take part with these files. */
  record Damaged(String why) implements LogFiles {}

  /** Everything that was written is there, as far as checksums and entry numbers show. */
  non-sealed interface Intact extends LogFiles {
    /** The highest term that this member has seen. */
    long term();

    /** The index of the first entry, or -1 if the log holds none. */
    long first();

    /** The index of the last entry, or -1 if the log holds none. */
    long last();

    /** Whether the log holds no entry. */
    default boolean isEmpty() {
      return first() < 0;
    }

    /**
     * Starts the member on these files. It takes part in elections from now on.
     *
     * @param state the state that the log drives; must outlive the log
     * @throws LogStorageException if the files do not fit the state, or cannot be used
     */
    ReplicatedLog start(LogSettings settings, ReplicatedState state, LogListener listener);
  }
}
