package toystore.db.raft.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.LogEntry;

/**
 * One file of a log. It contains eight magic bytes, a record with the position before the first
 * entry, the entries, and zeros that reserve space. The last segment is open: entries are appended
 * to it until the next one is created. {@link SegmentName} describes the file names.
 *
 * <p>Not thread-safe.
 */
public final class Segment {
  /** Name of a segment file that is being created. */
  static final String TEMPORARY_NAME = "new-segment";

  private static final byte[] MAGIC = "ToyLog01".getBytes(StandardCharsets.US_ASCII);

  private final LogPosition base;
  private final SegmentFile file;
  private final SegmentIndex index;
  private boolean open;

  private Segment(LogPosition base, SegmentFile file, boolean open, int firstOffset) {
    this.base = base;
    this.file = file;
    this.open = open;
    this.index = new SegmentIndex(firstOffset);
  }

  /** Creates a segment without entries. The file appears under its name complete or not at all. */
  static Segment create(Path directory, LogPosition base) throws IOException {
    byte[] header = LogEntry.segmentHeader(base.term(), base.index()).encoded();
    ByteBuffer bytes = ByteBuffer.allocate(MAGIC.length + header.length);
    bytes.put(MAGIC).put(header).flip();
    int firstOffset = bytes.limit();
    SegmentFile file = SegmentFile.create(directory.resolve(TEMPORARY_NAME));
    file.write(bytes, 0);
    file.reserve(firstOffset, firstOffset);
    file.sync(true);
    file.rename(SegmentName.ofOpen(base.index() + 1));
    return new Segment(base, file, true, firstOffset);
  }

  /**
   * Reads and verifies a whole file.
   *
   * @throws IOException if anything in the file is missing or damaged
   */
  public static Segment read(SegmentName name) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(name.file()));
    try {
      byte[] magic = new byte[MAGIC.length];
      bytes.get(magic, 0, Math.min(magic.length, bytes.remaining()));
      if (!Arrays.equals(magic, MAGIC)) {
        throw new IOException("it is not a segment of a log, or was written by an older version");
      }
      LogEntry.Header header = LogEntry.readHeader(bytes);
      if (header == null || !header.isSegmentHeader() || header.index() != name.firstIndex() - 1) {
        throw new IOException("it has no header that matches the first entry " + name.firstIndex());
      }
      Segment segment =
          new Segment(
              new LogPosition(header.term(), header.index()),
              new SegmentFile(name.file(), bytes.limit()),
              name.open(),
              bytes.position());
      segment.readEntries(bytes);
      if (!name.open() && segment.lastIndex() != name.lastIndex()) {
        throw new IOException("its last entry is " + segment.lastIndex());
      }
      return segment;
    } catch (IOException e) {
      throw new IOException(name.file() + " is damaged: " + e.getMessage(), e);
    }
  }

  private void readEntries(ByteBuffer bytes) throws IOException {
    LogEntry.Header entry = LogEntry.readHeader(bytes);
    while (entry != null) {
      if (entry.isSegmentHeader()
          || entry.index() != lastIndex() + 1
          || entry.term() < termAt(lastIndex())) {
        throw new IOException("entry " + entry.index() + " follows entry " + lastIndex());
      }
      index.add(entry.term(), entry.size());
      entry = LogEntry.readHeader(bytes);
    }
    while (bytes.hasRemaining()) {
      if (bytes.get() != 0) {
        throw new IOException("bytes other than zero follow entry " + lastIndex());
      }
    }
  }

  /** The position before the first entry of this segment. */
  public LogPosition base() {
    return base;
  }

  /** Index of the last entry, or of the base if there is none. */
  public long lastIndex() {
    return base.index() + index.count();
  }

  boolean isOpen() {
    return open;
  }

  /** Bytes of the file without its reserved space. */
  int size() {
    return index.end();
  }

  /** The term of an entry in this segment, or of its base. */
  public long termAt(long entryIndex) {
    int number = numberOf(entryIndex);
    return number < 0 ? base.term() : index.term(number);
  }

  private int numberOf(long entryIndex) {
    return (int) (entryIndex - base.index()) - 1;
  }

  /**
   * Reads entries from this index on with a single read.
   *
   * @param maxBytes limit for the entries; the first one is returned even if it is larger
   */
  List<LogEntry> entries(long firstIndex, int maxBytes) throws IOException {
    int first = numberOf(firstIndex);
    int end = first + 1;
    while (end < index.count() && index.endOf(end) - index.startOf(first) <= maxBytes) {
      end++;
    }
    ByteBuffer bytes = file.read(index.startOf(first), index.endOf(end - 1));
    List<LogEntry> entries = new ArrayList<>(end - first);
    for (long i = firstIndex; entries.size() < end - first; i++) {
      LogEntry entry = LogEntry.read(bytes);
      if (entry == null || entry.index() != i) {
        throw new IOException(file + " no longer holds entry " + i + " where it was written");
      }
      entries.add(entry);
    }
    return entries;
  }

  /** Bytes that an entry in this segment takes. */
  int entryBytes(long entryIndex) {
    int number = numberOf(entryIndex);
    return index.endOf(number) - index.startOf(number);
  }

  /** Writes entries after the last one with a single write. They are not synced. */
  void append(List<LogEntry> entries) throws IOException {
    int length = entries.stream().mapToInt(LogEntry::size).sum();
    file.reserve(index.end(), index.end() + (long) length);
    ByteBuffer bytes = ByteBuffer.allocate(length);
    entries.forEach(entry -> bytes.put(entry.encoded()));
    file.write(bytes.flip(), index.end());
    entries.forEach(entry -> index.add(entry.term(), entry.size()));
  }

  /** Makes the entries durable that were appended before this call. */
  void sync() throws IOException {
    file.sync(false);
  }

  /** Durably removes the entry at this index and all later ones. */
  void truncateFrom(long entryIndex) throws IOException {
    index.truncate(numberOf(entryIndex));
    file.truncate(index.end());
    file.sync(true);
  }

  /** Durably ends this segment: no entry will be appended to it. */
  void finish() throws IOException {
    file.truncate(index.end());
    file.sync(true);
    file.rename(SegmentName.ofFull(base.index() + 1, lastIndex()));
    open = false;
    file.close();
  }

  /** Makes this segment the open one again. */
  void reopen() throws IOException {
    file.rename(SegmentName.ofOpen(base.index() + 1));
    open = true;
  }

  /** Deletes the file. The deletion is durable before any later one starts. */
  void delete() throws IOException {
    file.delete();
  }

  /** Returns the reserved space to the file system, and makes the content durable. */
  void trimAndSync() throws IOException {
    file.releaseReserved(index.end());
    file.sync(true);
  }

  void close() {
    file.close();
  }
}
