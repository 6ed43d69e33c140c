package toystore.db.raft.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.raft.core.LogEntry;

/**
 * One file of a log: eight bytes, a record of what lies before, entries, and zeros that reserve
 * space: a sync that need not record a new length is quicker. The open one is {@code
 * log_inprogress_FIRST}, and {@code log_FIRST-LAST} once the next has begun.
 *
 * <p>Not thread-safe.
 */
public final class Segment {
  private static final Pattern NAME = Pattern.compile("log_(inprogress_)?(\\d+)(?:-(\\d+))?");
  private static final byte[] MAGIC = "ToyLog01".getBytes(StandardCharsets.US_ASCII);
  private static final int RESERVE = 1 << 20;

  /** The kernel keeps what is written at once together; small pieces are found faster later. */
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(16 << 10).asReadOnlyBuffer();

  private final LogPosition before;
  private Path file;
  private boolean open;
  private int[] offsets = new int[64];
  private long[] terms = new long[64];
  private int count;
  private int end;
  private long reserved;
  private @Nullable FileChannel channel;

  private Segment(Path file, LogPosition before, boolean open, int end) {
    this.file = file;
    this.before = before;
    this.open = open;
    this.end = end;
  }

  /** A file of a log by its name; an open one has no end yet. */
  public record Name(Path file, long first, long last, boolean open) {}

  /** The files of the log in this directory, in order. */
  public static List<Name> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(Segment::name)
          .filter(Objects::nonNull)
          .sorted((one, other) -> Long.compare(one.first(), other.first()))
          .toList();
    }
  }

  private static @Nullable Name name(Path file) {
    Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
    if (!name.matches()) {
      return null;
    }
    boolean open = name.group(1) != null;
    return new Name(
        file,
        Long.parseLong(name.group(2)),
        open ? Long.MAX_VALUE : Long.parseLong(name.group(3)),
        open);
  }

  /** A new file with no entry, which appears in its directory as a whole or not at all. */
  static Segment create(Path directory, LogPosition before) throws IOException {
    Path file = directory.resolve("log_inprogress_" + (before.index() + 1));
    Path made = directory.resolve("new-segment");
    byte[] beginning = LogEntry.before(before.term(), before.index()).encoded();
    ByteBuffer bytes = ByteBuffer.allocate(MAGIC.length + beginning.length);
    bytes.put(MAGIC).put(beginning).flip();
    Segment segment = new Segment(file, before, true, bytes.limit());
    FileChannel channel =
        FileChannel.open(
            made,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    segment.channel = channel;
    segment.write(bytes, 0);
    segment.reserve(segment.end);
    channel.force(true);
    Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
    DirectorySync.sync(directory);
    return segment;
  }

  /**
   * Reads a file as a whole.
   *
   * @throws IOException if anything in it is not as it was written, or is missing
   */
  public static Segment read(Name name) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(name.file()));
    try {
      byte[] magic = new byte[MAGIC.length];
      bytes.get(magic, 0, Math.min(magic.length, bytes.remaining()));
      if (!Arrays.equals(magic, MAGIC)) {
        throw new IOException("it is no file of a log, or one of an older version");
      }
      LogEntry.Place beginning = LogEntry.find(bytes);
      if (beginning == null || !beginning.isBeginning() || beginning.index() != name.first() - 1) {
        throw new IOException("it does not say what is before entry " + name.first());
      }
      LogPosition before = new LogPosition(beginning.term(), beginning.index());
      Segment segment = new Segment(name.file(), before, name.open(), bytes.position());
      segment.reserved = bytes.limit();
      segment.readEntries(bytes);
      if (!name.open() && segment.last() != name.last()) {
        throw new IOException("it ends with entry " + segment.last());
      }
      return segment;
    } catch (IOException e) {
      throw new IOException(name.file() + " is damaged: " + e.getMessage(), e);
    }
  }

  private void readEntries(ByteBuffer bytes) throws IOException {
    LogEntry.Place entry = LogEntry.find(bytes);
    while (entry != null) {
      if (entry.isBeginning() || entry.index() != last() + 1 || entry.term() < termAt(last())) {
        throw new IOException("entry " + entry.index() + " after " + last());
      }
      note(entry.term(), entry.size());
      entry = LogEntry.find(bytes);
    }
    while (bytes.hasRemaining()) {
      if (bytes.get() != 0) {
        throw new IOException("something follows entry " + last());
      }
    }
  }

  private void note(long term, int size) {
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * count);
      terms = Arrays.copyOf(terms, 2 * count);
    }
    offsets[count] = end;
    terms[count] = term;
    count++;
    end += size;
  }

  public LogPosition before() {
    return before;
  }

  public long last() {
    return before.index() + count;
  }

  boolean isOpen() {
    return open;
  }

  int size() {
    return end;
  }

  /** The term of an entry in this file, or of what lies before. */
  public long termAt(long index) {
    int at = (int) (index - before.index()) - 1;
    return at < 0 ? before.term() : terms[at];
  }

  /**
   * Entries from this one on, as many as fit into so many bytes, and one at least. They are read in
   * one piece.
   */
  List<LogEntry> entries(long from, int bytes) throws IOException {
    int first = (int) (from - before.index()) - 1;
    int after = first + 1;
    while (after < count && endOf(after) - offsets[first] <= bytes) {
      after++;
    }
    ByteBuffer read = ByteBuffer.allocate(endOf(after - 1) - offsets[first]);
    FileChannel channel = channel();
    while (read.hasRemaining()) {
      if (channel.read(read, offsets[first] + (long) read.position()) < 0) {
        throw new IOException(file + " has become shorter");
      }
    }
    read.flip();
    List<LogEntry> entries = new ArrayList<>(after - first);
    for (long index = from; entries.size() < after - first; index++) {
      LogEntry entry = LogEntry.read(read);
      if (entry == null || entry.index() != index) {
        throw new IOException(file + " does not hold entry " + index + " where it was");
      }
      entries.add(entry);
    }
    return entries;
  }

  /** Bytes of an entry in this file. */
  int sizeAt(long index) {
    int at = (int) (index - before.index()) - 1;
    return endOf(at) - offsets[at];
  }

  private int endOf(int at) {
    return at + 1 < count ? offsets[at + 1] : end;
  }

  /** Writes entries behind the last one, in one piece. They are not synced. */
  void append(List<LogEntry> entries) throws IOException {
    int length = entries.stream().mapToInt(LogEntry::size).sum();
    reserve(end + (long) length);
    ByteBuffer bytes = ByteBuffer.allocate(length);
    entries.forEach(entry -> bytes.put(entry.encoded()));
    write(bytes.flip(), end);
    entries.forEach(entry -> note(entry.term(), entry.size()));
  }

  /** Fills the file with zeros so far that so much fits. */
  private void reserve(long needed) throws IOException {
    if (needed <= reserved) {
      return;
    }
    long wanted = (needed / RESERVE + 1) * RESERVE;
    long from = Math.max(reserved, end);
    while (from < wanted) {
      ByteBuffer zeros = ZEROS.duplicate();
      zeros.limit((int) Math.min(zeros.capacity(), wanted - from));
      from += channel().write(zeros, from);
    }
    reserved = wanted;
  }

  private void write(ByteBuffer bytes, long at) throws IOException {
    long to = at;
    while (bytes.hasRemaining()) {
      to += channel().write(bytes, to);
    }
  }

  private FileChannel channel() throws IOException {
    FileChannel known = channel;
    if (known == null) {
      known = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      channel = known;
    }
    return known;
  }

  /** The channel to sync; what was written before is durable then. */
  FileChannel syncable() throws IOException {
    return channel();
  }

  /** Cuts this entry off, and all after it; durably. */
  void truncate(long from) throws IOException {
    int keep = (int) (from - before.index()) - 1;
    end = offsets[keep];
    count = keep;
    channel().truncate(end);
    reserved = end;
    channel().force(true);
  }

  /** Ends this file: no entry will follow in it. */
  void finish() throws IOException {
    channel().truncate(end);
    reserved = end;
    channel().force(true);
    rename(file.resolveSibling("log_" + (before.index() + 1) + "-" + last()));
    open = false;
    close();
  }

  /** Lets entries follow in it again. */
  void reopen() throws IOException {
    rename(file.resolveSibling("log_inprogress_" + (before.index() + 1)));
    open = true;
  }

  private void rename(Path to) throws IOException {
    Files.move(file, to, StandardCopyOption.ATOMIC_MOVE);
    file = to;
    DirectorySync.sync(Objects.requireNonNull(to.getParent()));
  }

  /** Durably: no file that is deleted after this one may be gone before it. */
  void delete() throws IOException {
    close();
    Files.delete(file);
    DirectorySync.sync(Objects.requireNonNull(file.getParent()));
  }

  /** Gives the reserved space back. */
  void trim() throws IOException {
    if (reserved > end) {
      channel().truncate(end);
      reserved = end;
    }
  }

  void close() {
    FileChannel known = channel;
    channel = null;
    if (known != null) {
      try {
        known.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
