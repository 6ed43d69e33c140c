package toystore.db.raft.log;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.EntryLog;
import toystore.db.raft.core.LogEntry;

/**
 * The log of one member on disk, in {@link Segment}s, its newest entries also in memory. Changed by
 * one thread at a time, which the caller sees to; {@link #sync} and {@link #synced} are for any.
 */
public final class RaftLog implements EntryLog, Closeable {
  private static final System.Logger LOG = System.getLogger(RaftLog.class.getName());
  private static final int RECENT = 1024;
  private static final long RECENT_BYTES = 2 << 20;

  private final Path directory;
  private final int segmentBytes;

  /** Changed by one thread at a time, and read by those that sync. */
  private final List<Segment> segments = new CopyOnWriteArrayList<>();

  /** The newest entries, by index modulo its length. */
  private final LogEntry[] recent = new LogEntry[RECENT];

  private long recentFrom;
  private long recentBytes;

  /** Held while a file is synced, and while files begin, end or become shorter. */
  private final Object syncing = new Object();

  private volatile long last;
  private volatile long synced;
  private volatile boolean closed;
  private volatile boolean broken;

  private RaftLog(Path directory, int segmentBytes) {
    this.directory = directory;
    this.segmentBytes = segmentBytes;
  }

  /**
   * Opens the log in this directory.
   *
   * @param read the files of the log, in order, as they were read and checked; possibly none
   * @param durable position of the state, which is committed: where the log does not agree with it
   *     or ends before it, the state came from another member, and the log begins anew after it
   */
  public static RaftLog open(
      Path directory, int segmentBytes, List<Segment> read, LogPosition durable)
      throws IOException {
    RaftLog log = new RaftLog(directory, segmentBytes);
    Files.deleteIfExists(directory.resolve("new-segment"));
    log.segments.addAll(read);
    if (log.segments.isEmpty()) {
      log.segments.add(Segment.create(directory, durable));
    }
    log.ended();
    // A process that was killed may have written more than it synced.
    log.open().trim();
    log.open().syncable().force(true);
    log.synced = log.last;
    boolean agrees =
        durable.index() < log.base().index()
            || (durable.index() <= log.last && log.termAt(durable.index()) == durable.term());
    if (!agrees) {
      LOG.log(
          Level.WARNING,
          "the log up to {0} does not go on from the state at {1}, and begins anew there",
          log.end(),
          durable);
      log.reset(durable);
    } else if (!log.open().isOpen()) {
      log.segments.add(Segment.create(directory, log.end()));
    }
    return log;
  }

  private Segment open() {
    return segments.getLast();
  }

  private void ended() {
    last = open().last();
    recentFrom = last + 1;
    recentBytes = 0;
  }

  @Override
  public LogPosition base() {
    return segments.getFirst().before();
  }

  @Override
  public long last() {
    return last;
  }

  @Override
  public long termAt(long index) {
    return segment(index).termAt(index);
  }

  private Segment segment(long index) {
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment segment = segments.get(i);
      if (index > segment.before().index() || i == 0) {
        if (index < segment.before().index() || index > segment.last()) {
          throw new IllegalArgumentException("entry " + index + " is not here");
        }
        return segment;
      }
    }
    throw new IllegalStateException("a log without a file");
  }

  /** Entries from this one on, as many as fit into so many bytes, and one at least. */
  public List<LogEntry> entries(long from, int bytes) {
    if (from < recentFrom) {
      // Else a file that is closed would be opened once more.
      requireWhole();
      try {
        return segment(from).entries(from, bytes);
      } catch (IOException e) {
        throw new UncheckedIOException("the Raft log cannot be read", e);
      }
    }
    List<LogEntry> entries = new ArrayList<>();
    int size = 0;
    for (long index = from; index <= last; index++) {
      LogEntry entry = recent[(int) (index % RECENT)];
      size += entry.size();
      if (size > bytes && !entries.isEmpty()) {
        break;
      }
      entries.add(entry);
    }
    return entries;
  }

  /** Bytes of an entry that is here. */
  public int sizeAt(long index) {
    return segment(index).sizeAt(index);
  }

  @Override
  public void append(List<LogEntry> entries) {
    requireWhole();
    try {
      if (open().size() >= segmentBytes) {
        roll();
      }
      open().append(entries);
    } catch (IOException e) {
      throw broken(e);
    }
    entries.forEach(this::remember);
    last = open().last();
  }

  private UncheckedIOException broken(IOException e) {
    broken = true;
    return new UncheckedIOException("the Raft log cannot be written", e);
  }

  /**
   * After a write or a sync that failed nobody knows what the disk has: the kernel tells of it
   * once, and a later sync succeeds without having written what the first one could not.
   */
  private void requireWhole() {
    if (broken || closed) {
      throw new UncheckedIOException(
          new IOException(closed ? "the Raft log is closed" : "the Raft log is broken"));
    }
  }

  private void remember(LogEntry entry) {
    recentBytes += entry.size();
    if (entry.index() - recentFrom >= RECENT) {
      forgetOldest();
    }
    recent[(int) (entry.index() % RECENT)] = entry;
    while (recentBytes > RECENT_BYTES && recentFrom < entry.index()) {
      forgetOldest();
    }
  }

  @SuppressWarnings("NullAway") // a place without an entry is never read
  private void forgetOldest() {
    int at = (int) (recentFrom % RECENT);
    recentBytes -= recent[at].size();
    recent[at] = null;
    recentFrom++;
  }

  private void roll() throws IOException {
    synchronized (syncing) {
      Segment full = open();
      full.finish();
      segments.add(Segment.create(directory, new LogPosition(full.termAt(last), last)));
      synced = last;
    }
  }

  /**
   * Makes all durable that was appended before this call, and tells up to where that is. One sync
   * serves all who asked before it began.
   *
   * @throws UncheckedIOException if that is not possible: nothing may be acknowledged any more
   */
  public long sync() {
    long wanted = last;
    if (synced >= wanted) {
      return synced;
    }
    synchronized (syncing) {
      requireWhole();
      if (synced < wanted) {
        long upTo = last;
        try {
          FileChannel channel = open().syncable();
          channel.force(false);
        } catch (IOException e) {
          throw broken(e);
        }
        synced = upTo;
      }
      return synced;
    }
  }

  /** Index up to which entries are durable. */
  public long synced() {
    return synced;
  }

  @Override
  public void truncate(long from) {
    synchronized (syncing) {
      try {
        while (segments.size() > 1 && open().before().index() + 1 >= from) {
          segments.removeLast().delete();
        }
        if (!open().isOpen()) {
          open().reopen();
        }
        if (from <= open().last()) {
          open().truncate(from);
        }
      } catch (IOException e) {
        throw broken(e);
      }
      ended();
      synced = Math.min(synced, last);
    }
  }

  @Override
  public void reset(LogPosition base) {
    synchronized (syncing) {
      try {
        // The newest first: what is left of an interrupted attempt has no gaps.
        while (!segments.isEmpty()) {
          segments.removeLast().delete();
        }
        segments.add(Segment.create(directory, base));
      } catch (IOException e) {
        throw broken(e);
      }
      ended();
      synced = last;
    }
  }

  /** Drops entries up to this one, by whole files. */
  public void purge(long upTo) {
    requireWhole();
    try {
      // The file that is being synced is not among them: nobody waits for a sync here.
      while (segments.size() > 1 && segments.getFirst().last() <= upTo) {
        segments.removeFirst().delete();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the Raft log cannot be shortened", e);
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (syncing) {
      if (closed) {
        return;
      }
      closed = true;
      try {
        if (!broken) {
          open().trim();
          open().syncable().force(true);
          synced = last;
        }
      } finally {
        segments.forEach(Segment::close);
      }
    }
  }
}
