package toystore.toyctl.chaos.faults;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * A shared library ({@code disk.c}) that makes the disk of one process fail. It intercepts the
 * process's calls of the C library's write and sync functions for files below one directory. It
 * needs a C compiler, but neither a kernel module nor special privileges.
 */
public final class DiskFaultShim {
  /** The fields of the control file, in the order in which {@code disk.c} declares them. */
  enum Field {
    ARMED(0),
    WRITE_ERRNO(1),
    SYNC_ERRNO(2),
    SKIP_SYNC(3),
    WRITE_DELAY_US(4),
    SYNC_DELAY_US(5),
    WRITES_LEFT(6),
    WRITES(7),
    SYNCS(8);

    private final int offset;

    Field(int position) {
      offset = position * Long.BYTES;
    }
  }

  private static final String COMPILER = "gcc";

  private final Path library;
  private final Path controlFile;
  private final Path directory;
  private final MappedByteBuffer control;

  private DiskFaultShim(Path library, Path controlFile, Path directory, MappedByteBuffer control) {
    this.library = library;
    this.controlFile = controlFile;
    this.directory = directory;
    this.control = control;
  }

  /** Whether this machine can compile and load the library. */
  public static boolean isSupported() {
    return System.getProperty("os.name").equals("Linux") && ExternalProgram.exists(COMPILER);
  }

  /** Compiles the library. Any number of processes can use the result. */
  public static Path compile(Path directory) throws IOException, InterruptedException {
    Path source = directory.resolve("disk.c");
    Path library = directory.resolve("disk.so");
    try (InputStream in = DiskFaultShim.class.getResourceAsStream("disk.c")) {
      if (in == null) {
        throw new IOException("disk.c is missing from the distribution");
      }
      Files.write(source, in.readAllBytes());
    }
    ExternalProgram.run(
        COMPILER, "-shared", "-fPIC", "-O2", "-o", library.toString(), source.toString(), "-ldl");
    return library;
  }

  /**
   * Prepares the library for one process, which must be started with {@link #environment}.
   *
   * @param library the result of {@link #compile}
   * @param controlFile a new file through which the library receives its commands
   * @param directory the directory whose files are affected; created if it does not exist
   */
  public static DiskFaultShim forProcess(Path library, Path controlFile, Path directory)
      throws IOException {
    Files.createDirectories(directory);
    try (FileChannel file =
        FileChannel.open(
            controlFile,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      MappedByteBuffer control =
          file.map(FileChannel.MapMode.READ_WRITE, 0, (long) Field.values().length * Long.BYTES);
      control.order(ByteOrder.nativeOrder());
      return new DiskFaultShim(library, controlFile, directory.toRealPath(), control);
    }
  }

  /** The environment variables that the process needs to load the library. */
  public Map<String, String> environment() {
    return Map.of(
        "LD_PRELOAD", library.toAbsolutePath().toString(),
        "TOYDISK_CONTROL", controlFile.toAbsolutePath().toString(),
        "TOYDISK_DIRECTORY", directory.toString());
  }

  /** Sets a field and activates the faults. */
  void arm(Field field, long value) {
    put(field, value);
    put(Field.ARMED, 1);
  }

  /** Clears all fields, so that no write or sync fails any more. */
  void disarm() {
    for (Field field : Field.values()) {
      put(field, 0);
    }
  }

  private void put(Field field, long value) {
    control.putLong(field.offset, value);
  }

  long get(Field field) {
    return control.getLong(field.offset);
  }
}
