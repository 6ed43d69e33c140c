package toystore.db.raft.log;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.EntryLog;
import toystore.db.raft.core.LogEntry;

/**
 * The log of one member on disk, in {@link Segment}s. The newest entries are also in memory.
 *
 * <p>The caller must ensure that only one thread at a time reads or changes the log. Any thread may
 * call {@link #sync} and {@link #syncedIndex}.
 */
public final class RaftLog implements EntryLog, Closeable {
  private static final System.Logger LOG = System.getLogger(RaftLog.class.getName());

  private final Path directory;
  private final int segmentBytes;

  /** Changed by one thread at a time; threads that sync read it concurrently. */
  private final List<Segment> segments = new CopyOnWriteArrayList<>();

  private final RecentEntries recent = new RecentEntries();

  /** Held while a file is synced, and while files are created, finished or truncated. */
  private final Object syncLock = new Object();

  private volatile long lastIndex;
  private volatile long syncedIndex;
  private volatile boolean closed;
  private volatile boolean broken;

  private RaftLog(Path directory, int segmentBytes) {
    this.directory = directory;
    this.segmentBytes = segmentBytes;
  }

  /**
   * Opens the log in this directory.
   *
   * <p>If the log ends before the state's position, or holds an entry of another term there, the
   * state came from another member. The log is then emptied and starts after the state.
   *
   * @param segments the verified segments of the log in order, possibly none
   * @param state position of the replicated state, which is committed
   */
  public static RaftLog open(
      Path directory, int segmentBytes, List<Segment> segments, LogPosition state)
      throws IOException {
    RaftLog log = new RaftLog(directory, segmentBytes);
    Files.deleteIfExists(directory.resolve(Segment.TEMPORARY_NAME));
    log.segments.addAll(segments);
    if (log.segments.isEmpty()) {
      log.segments.add(Segment.create(directory, state));
    }
    log.lastSegmentChanged();
    // A process that was killed may have written more than it synced.
    log.lastSegment().trimAndSync();
    log.syncedIndex = log.lastIndex;
    boolean agrees =
        state.index() < log.base().index()
            || (state.index() <= log.lastIndex && log.termAt(state.index()) == state.term());
    if (!agrees) {
      LOG.log(
          Level.WARNING,
          "the log ends at {0} and does not contain the position {1} of the state;"
              + " it is emptied and starts after the state",
          log.lastPosition(),
          state);
      log.reset(state);
    } else if (!log.lastSegment().isOpen()) {
      log.segments.add(Segment.create(directory, log.lastPosition()));
    }
    return log;
  }

  private Segment lastSegment() {
    return segments.getLast();
  }

  private void lastSegmentChanged() {
    lastIndex = lastSegment().lastIndex();
    recent.clear(lastIndex + 1);
  }

  @Override
  public LogPosition base() {
    return segments.getFirst().base();
  }

  @Override
  public long lastIndex() {
    return lastIndex;
  }

  @Override
  public long termAt(long index) {
    return segment(index).termAt(index);
  }

  private Segment segment(long index) {
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment segment = segments.get(i);
      if (index > segment.base().index() || i == 0) {
        if (index < segment.base().index() || index > segment.lastIndex()) {
          throw new IllegalArgumentException("the log does not hold entry " + index);
        }
        return segment;
      }
    }
    throw new IllegalStateException("a log without a segment");
  }

  /**
   * Entries from this index on, of one segment at most.
   *
   * @param maxBytes limit for the entries; the first one is returned even if it is larger
   */
  public List<LogEntry> entries(long firstIndex, int maxBytes) {
    if (firstIndex >= recent.firstIndex()) {
      return recent.range(firstIndex, lastIndex, maxBytes);
    }
    // After close(), reading would open the file again.
    requireUsable();
    try {
      return segment(firstIndex).entries(firstIndex, maxBytes);
    } catch (IOException e) {
      throw new UncheckedIOException("the Raft log cannot be read", e);
    }
  }

  /** Bytes that an entry in the log takes. */
  public int entryBytes(long index) {
    return segment(index).entryBytes(index);
  }

  @Override
  public void append(List<LogEntry> entries) {
    requireUsable();
    try {
      if (lastSegment().size() >= segmentBytes) {
        startNewSegment();
      }
      lastSegment().append(entries);
    } catch (IOException e) {
      throw broken(e);
    }
    entries.forEach(recent::add);
    lastIndex = lastSegment().lastIndex();
  }

  private UncheckedIOException broken(IOException e) {
    broken = true;
    return new UncheckedIOException("the Raft log cannot be written", e);
  }

  /**
   * After a failed write or sync, the content of the disk is unknown. The kernel reports such an
   * error once; a later sync succeeds although it does not write what the first one could not.
   */
  private void requireUsable() {
    if (broken || closed) {
      throw new UncheckedIOException(
          new IOException(closed ? "the Raft log is closed" : "the Raft log is broken"));
    }
  }

  private void startNewSegment() throws IOException {
    synchronized (syncLock) {
      Segment full = lastSegment();
      full.finish();
      segments.add(Segment.create(directory, new LogPosition(full.termAt(lastIndex), lastIndex)));
      syncedIndex = lastIndex;
    }
  }

  /**
   * Makes all entries durable that were appended before this call. One sync serves all threads that
   * called before it started (group commit).
   *
   * @return index up to which entries are durable
   * @throws UncheckedIOException if the sync fails: this member must not acknowledge anything more
   */
  public long sync() {
    long wanted = lastIndex;
    if (syncedIndex >= wanted) {
      return syncedIndex;
    }
    synchronized (syncLock) {
      requireUsable();
      if (syncedIndex < wanted) {
        long last = lastIndex;
        try {
          lastSegment().sync();
        } catch (IOException e) {
          throw broken(e);
        }
        syncedIndex = last;
      }
      return syncedIndex;
    }
  }

  /** Index up to which entries are durable. */
  public long syncedIndex() {
    return syncedIndex;
  }

  @Override
  public void truncateFrom(long index) {
    synchronized (syncLock) {
      try {
        while (segments.size() > 1 && lastSegment().base().index() + 1 >= index) {
          segments.removeLast().delete();
        }
        if (!lastSegment().isOpen()) {
          lastSegment().reopen();
        }
        if (index <= lastSegment().lastIndex()) {
          lastSegment().truncateFrom(index);
        }
      } catch (IOException e) {
        throw broken(e);
      }
      lastSegmentChanged();
      syncedIndex = Math.min(syncedIndex, lastIndex);
    }
  }

  @Override
  public void reset(LogPosition base) {
    synchronized (syncLock) {
      try {
        // The newest first: after a crash, the remaining segments have no gap.
        while (!segments.isEmpty()) {
          segments.removeLast().delete();
        }
        segments.add(Segment.create(directory, base));
      } catch (IOException e) {
        throw broken(e);
      }
      lastSegmentChanged();
      syncedIndex = lastIndex;
    }
  }

  /** Deletes the segments whose entries all have this index or a lower one. */
  public void purge(long upToIndex) {
    requireUsable();
    try {
      // A concurrent sync uses the last segment, which is not deleted here. No lock is needed.
      while (segments.size() > 1 && segments.getFirst().lastIndex() <= upToIndex) {
        segments.removeFirst().delete();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("old segments of the Raft log cannot be deleted", e);
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (syncLock) {
      if (closed) {
        return;
      }
      closed = true;
      try {
        if (!broken) {
          lastSegment().trimAndSync();
          syncedIndex = lastIndex;
        }
      } finally {
        segments.forEach(Segment::close);
      }
    }
  }
}
