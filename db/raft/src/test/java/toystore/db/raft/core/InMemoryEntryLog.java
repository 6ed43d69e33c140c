package toystore.db.raft.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import toystore.db.log.LogPosition;

/** A log in memory. A simulated crash may remove entries that were not synced. */
final class InMemoryEntryLog implements EntryLog {
  private final List<LogEntry> entries = new ArrayList<>();
  private LogPosition base = LogPosition.NONE;
  private long synced = -1;

  @Override
  public LogPosition base() {
    return base;
  }

  @Override
  public long lastIndex() {
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
  public void append(List<LogEntry> added) {
    for (LogEntry entry : added) {
      if (entry.index() != lastIndex() + 1 || entry.term() < termAt(lastIndex())) {
        throw new AssertionError(entry + " after " + lastPosition());
      }
      entries.add(entry);
    }
  }

  @Override
  public void truncateFrom(long index) {
    entries.subList((int) (index - base.index()) - 1, entries.size()).clear();
    synced = Math.min(synced, lastIndex());
  }

  @Override
  public void reset(LogPosition position) {
    entries.clear();
    base = position;
    synced = position.index();
  }

  /** Makes all entries durable, and returns the index of the last one. */
  long sync() {
    synced = lastIndex();
    return synced;
  }

  /** The index of the last durable entry. */
  long synced() {
    return synced;
  }

  /** Drops the entries up to this index. */
  void purge(long upTo) {
    if (upTo > base.index()) {
      LogPosition next = new LogPosition(termAt(upTo), upTo);
      entries.subList(0, (int) (upTo - base.index())).clear();
      base = next;
    }
  }

  /** Keeps the durable entries, and a random number of those that were written but not synced. */
  void crash(Random random) {
    long kept = synced + random.nextInt((int) (lastIndex() - synced) + 1);
    if (kept < lastIndex()) {
      truncateFrom(kept + 1);
    }
    sync();
  }
}
