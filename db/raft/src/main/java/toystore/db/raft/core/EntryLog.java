package toystore.db.raft.core;

import java.util.List;
import toystore.db.log.LogPosition;

/** A log as {@link Raft} sees it. Entries that were appended count once they are synced. */
public interface EntryLog {
  /** The position before the first entry that is here. */
  LogPosition base();

  /** Index of the last entry; that of the base if there is none. */
  long last();

  /** The term of an entry that is here, or of the base. */
  long termAt(long index);

  /** Appends after the last one. */
  void append(List<LogEntry> entries);

  /** Forgets this entry and all after it. */
  void truncate(long from);

  /** Forgets all, and goes on after this position, up to which a state was installed. */
  void reset(LogPosition base);

  default LogPosition end() {
    return new LogPosition(termAt(last()), last());
  }
}
