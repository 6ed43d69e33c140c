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
 * A disk that fails on command, for one process: a small library that stands between the process
 * and the C library's writes and syncs of files below one directory ({@code disk.c}). Needs a C
 * compiler, no kernel module and no special rights.
 */
public final class DiskFaultLibrary {
  /** Numbers that the library looks at, in its order. */
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

    private final int at;

    Field(int position) {
      at = position * Long.BYTES;
    }
  }

  private static final String COMPILER = "gcc";

  private final Path library;
  private final Path control;
  private final Path directory;
  private final MappedByteBuffer numbers;

  private DiskFaultLibrary(Path library, Path control, Path directory, MappedByteBuffer numbers) {
    this.library = library;
    this.control = control;
    this.directory = directory;
    this.numbers = numbers;
  }

  /** Whether this machine can do it. */
  public static boolean possible() {
    return System.getProperty("os.name").equals("Linux") && ExternalProgram.has(COMPILER);
  }

  /** Compiles the library; one serves any number of processes. */
  public static Path compile(Path into) throws IOException, InterruptedException {
    Path source = into.resolve("disk.c");
    Path library = into.resolve("disk.so");
    try (InputStream in = DiskFaultLibrary.class.getResourceAsStream("disk.c")) {
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
   * A shim for the process that will be started with its {@link #environment}.
   *
   * @param directory whose files are meant; made if it is not there
   */
  public static DiskFaultLibrary of(Path library, Path control, Path directory) throws IOException {
    Files.createDirectories(directory);
    try (FileChannel file =
        FileChannel.open(
            control,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      MappedByteBuffer numbers =
          file.map(FileChannel.MapMode.READ_WRITE, 0, (long) Field.values().length * Long.BYTES);
      numbers.order(ByteOrder.nativeOrder());
      return new DiskFaultLibrary(library, control, directory.toRealPath(), numbers);
    }
  }

  /** What the process has to find in its environment. */
  public Map<String, String> environment() {
    return Map.of(
        "LD_PRELOAD", library.toAbsolutePath().toString(),
        "TOYDISK_CONTROL", control.toAbsolutePath().toString(),
        "TOYDISK_DIRECTORY", directory.toString());
  }

  /** From now on. */
  void arm(Field field, long value) {
    put(field, value);
    put(Field.ARMED, 1);
  }

  /** Nothing fails any more. */
  void disarm() {
    for (Field field : Field.values()) {
      put(field, 0);
    }
  }

  private void put(Field field, long value) {
    numbers.putLong(field.at, value);
  }

  long get(Field field) {
    return numbers.getLong(field.at);
  }
}
