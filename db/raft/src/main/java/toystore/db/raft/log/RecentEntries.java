package toystore.db.raft.log;

import java.util.ArrayList;
import java.util.List;
import toystore.db.raft.core.LogEntry;

/**
 * The newest entries of a log in memory, bounded in number and bytes. Not thread-safe.
 *
 * <p>The array holds each entry at its index modulo the capacity.
 */
final class RecentEntries {
  private static final int CAPACITY = 1024;
  private static final long MAX_BYTES = 2 << 20;

  private final LogEntry[] entries = new LogEntry[CAPACITY];
  private long firstIndex;
  private long bytes;

  /** Removes all entries. The next one to be added has this index. */
  void clear(long nextIndex) {
    firstIndex = nextIndex;
    bytes = 0;
  }

  /** Index of the oldest entry held, or of the next one if none is held. */
  long firstIndex() {
    return firstIndex;
  }

  void add(LogEntry entry) {
    bytes += entry.size();
    if (entry.index() - firstIndex >= CAPACITY) {
      removeOldest();
    }
    entries[slot(entry.index())] = entry;
    while (bytes > MAX_BYTES && firstIndex < entry.index()) {
      removeOldest();
    }
  }

  private static int slot(long index) {
    return (int) (index % CAPACITY);
  }

  @SuppressWarnings("NullAway") // an empty slot is never read
  private void removeOldest() {
    int slot = slot(firstIndex);
    bytes -= entries[slot].size();
    entries[slot] = null;
    firstIndex++;
  }

  /**
   * Entries from one index to another.
   *
   * @param from not below {@link #firstIndex}
   * @param maxBytes limit for the entries; the first one is returned even if it is larger
   */
  List<LogEntry> range(long from, long last, int maxBytes) {
    List<LogEntry> range = new ArrayList<>();
    int size = 0;
    for (long index = from; index <= last; index++) {
      LogEntry entry = entries[slot(index)];
      size += entry.size();
      if (size > maxBytes && !range.isEmpty()) {
        break;
      }
      range.add(entry);
    }
    return range;
  }
}
