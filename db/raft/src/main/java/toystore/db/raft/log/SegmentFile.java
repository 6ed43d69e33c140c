package toystore.db.raft.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the bytes of a segment file. Space after the data is reserved by filling it with
 * zeros: a sync is faster when it need not record a new file length.
 *
 * <p>Not thread-safe.
 */
final class SegmentFile {
  private static final int RESERVE_BYTES = 1 << 20;

  /**
   * Written in small pieces. The page cache keeps the bytes of one write together, and later writes
   * find small pieces faster.
   */
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(16 << 10).asReadOnlyBuffer();

  private Path path;
  private long reservedEnd;
  private @Nullable FileChannel channel;

  /**
   * An existing file, which is opened when it is first used.
   *
   * @param length its length in bytes
   */
  SegmentFile(Path path, long length) {
    this.path = path;
    this.reservedEnd = length;
  }

  /** Creates an empty file; replaces an existing one. */
  static SegmentFile create(Path path) throws IOException {
    SegmentFile file = new SegmentFile(path, 0);
    file.channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    return file;
  }

  private FileChannel channel() throws IOException {
    FileChannel known = channel;
    if (known == null) {
      known = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      channel = known;
    }
    return known;
  }

  /** Reads the bytes from {@code start} to {@code end}. */
  ByteBuffer read(int start, int end) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(end - start);
    FileChannel open = channel();
    while (bytes.hasRemaining()) {
      if (open.read(bytes, start + (long) bytes.position()) < 0) {
        throw new IOException(path + " has become shorter");
      }
    }
    return bytes.flip();
  }

  /** Writes bytes; they are not synced. */
  void write(ByteBuffer bytes, long start) throws IOException {
    long position = start;
    while (bytes.hasRemaining()) {
      position += channel().write(bytes, position);
    }
  }

  /**
   * Reserves space.
   *
   * @param dataEnd where the data in the file end
   * @param neededEnd up to where space is needed
   */
  void reserve(long dataEnd, long neededEnd) throws IOException {
    if (neededEnd <= reservedEnd) {
      return;
    }
    long newEnd = (neededEnd / RESERVE_BYTES + 1) * RESERVE_BYTES;
    long position = Math.max(reservedEnd, dataEnd);
    while (position < newEnd) {
      ByteBuffer zeros = ZEROS.duplicate();
      zeros.limit((int) Math.min(zeros.capacity(), newEnd - position));
      position += channel().write(zeros, position);
    }
    reservedEnd = newEnd;
  }

  /** Cuts off everything from this offset on. The new length is not synced. */
  void truncate(long end) throws IOException {
    channel().truncate(end);
    reservedEnd = end;
  }

  /** Returns the reserved space after the data to the file system. */
  void releaseReserved(long dataEnd) throws IOException {
    if (reservedEnd > dataEnd) {
      truncate(dataEnd);
    }
  }

  /**
   * Makes the content durable.
   *
   * @param metadata whether to sync all metadata, not only what reading the content needs
   */
  void sync(boolean metadata) throws IOException {
    channel().force(metadata);
  }

  /** Renames the file within its directory; the new name is durable. */
  void rename(String name) throws IOException {
    Path renamed = path.resolveSibling(name);
    Files.move(path, renamed, StandardCopyOption.ATOMIC_MOVE);
    path = renamed;
    syncDirectory();
  }

  /** Closes and deletes the file; the deletion is durable. */
  void delete() throws IOException {
    close();
    Files.delete(path);
    syncDirectory();
  }

  private void syncDirectory() throws IOException {
    DirectorySync.sync(Objects.requireNonNull(path.getParent()));
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

  @Override
  public String toString() {
    return path.toString();
  }
}
