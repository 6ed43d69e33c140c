package toystore.db.raft.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import toystore.db.log.LogPosition;

/** A log in memory that a crash may shorten down to what was synced. */
final class InMemoryEntryLog implements EntryLog {
  private final List<LogEntry> entries = new ArrayList<>();
  private LogPosition base = LogPosition.NONE;
  private long synced = -1;

  @Override
  public LogPosition base() {
    return base;
  }

  @Override
  public long last() {
    return base.index() + entries.size();
  }

  @Override
  public long termAt(long index) {
    return index == base.index() ? base.term() : at(index).term();
  }

  LogEntry at(long index) {
    return entries.get((int) (index - base.index()) - 1);
  }

  @Override
  public void append(List<LogEntry> more) {
    for (LogEntry entry : more) {
      if (entry.index() != last() + 1 || entry.term() < termAt(last())) {
        throw new AssertionError(entry + " after " + end());
      }
      entries.add(entry);
    }
  }

  @Override
  public void truncate(long from) {
    entries.subList((int) (from - base.index()) - 1, entries.size()).clear();
    synced = Math.min(synced, last());
  }

  @Override
  public void reset(LogPosition position) {
    entries.clear();
    base = position;
    synced = position.index();
  }

  long sync() {
    synced = last();
    return synced;
  }

  long synced() {
    return synced;
  }

  void purge(long upTo) {
    if (upTo > base.index()) {
      LogPosition next = new LogPosition(termAt(upTo), upTo);
      entries.subList(0, (int) (upTo - base.index())).clear();
      base = next;
    }
  }

  /** What was written and not synced may be there, up to any entry. */
  void crash(Random random) {
    long kept = synced + random.nextInt((int) (last() - synced) + 1);
    if (kept < last()) {
      truncate(kept + 1);
    }
    sync();
  }
}
