package toystore.db.raft.core;

import java.util.List;
import toystore.db.log.LogPosition;

/**
 * The log that {@link Raft} reads and changes. An appended entry counts as durable only after the
 * log was synced.
 */
public interface EntryLog {
  /** The position immediately before the first entry that the log holds. */
  LogPosition base();

  /** Index of the last entry, or of the base if the log is empty. */
  long lastIndex();

  /** The term of an entry that the log holds, or of its base. */
  long termAt(long index);

  /** Appends entries after the last one. */
  void append(List<LogEntry> entries);

  /** Removes the entry at this index and all later ones. */
  void truncateFrom(long index);

  /** Removes all entries and makes this position, up to which a state was installed, the base. */
  void reset(LogPosition base);

  /** Position of the last entry, or the base if the log is empty. */
  default LogPosition lastPosition() {
    return new LogPosition(termAt(lastIndex()), lastIndex());
  }
}
