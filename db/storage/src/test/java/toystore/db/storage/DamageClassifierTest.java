package toystore.db.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.h2.api.ErrorCode;
import org.h2.mvstore.DataUtils;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files, and failures that only look like damage. */
@Timeout(60)
class DamageClassifierTest {
  private static final int ATTEMPTS = 40;
  private static final int ROWS = 2_000;

  @TempDir Path directory;

  /**
   * The outcome for a damaged file is a {@link DamagedFileException}, an older state, or a changed
   * row.
   */
  @Test
  @DisplayName("Damage is never reported as a failure of another kind")
  void damageIsNeverReportedAsAnotherFailure() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Path whole = writeFile();
    byte[] bytes = Files.readAllBytes(whole);
    int detected = 0;
    for (int i = 0; i < ATTEMPTS; i++) {
      byte[] damaged = damage(bytes, random, i);
      Path file = directory.resolve("damaged-" + i);
      Files.write(directory.resolve("damaged-" + i + Database.FILE_SUFFIX), damaged);
      if (isDetected(file)) {
        detected++;
      }
    }
    assertThat(detected).as("damage detected by H2 itself, of %d attempts", ATTEMPTS).isPositive();
  }

  private static byte[] damage(byte[] bytes, Random random, int attempt) {
    if (attempt % 2 == 0) {
      return Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length - 1));
    }
    byte[] flipped = bytes.clone();
    int from = random.nextInt(bytes.length - 64);
    for (int at = from; at < from + 64; at++) {
      flipped[at] ^= (byte) 0xff;
    }
    return flipped;
  }

  private static boolean isDetected(Path file) {
    List<Throwable> fatal = new ArrayList<>();
    try (Database database =
        Database.open(file, TestSchemas.ENTRIES, new Database.Sizes(1024, 1), fatal::add)) {
      database.read(c -> Database.queryNumber(c, "SELECT SUM(index) FROM entries"));
      return false;
    } catch (DamagedFileException e) {
      return true;
    }
  }

  @Test
  @DisplayName("Damage that a read finds is fatal")
  void damageFoundByAReadIsFatal() throws IOException {
    Path whole = writeFile();
    byte[] bytes = Files.readAllBytes(whole);
    List<Throwable> fatal = new ArrayList<>();
    try (Database database =
        Database.open(
            directory.resolve("whole"),
            TestSchemas.ENTRIES,
            new Database.Sizes(0, 1),
            fatal::add)) {
      // Overwrites everything except the two headers. What H2 has cached stays intact.
      byte[] zeros = new byte[bytes.length - 8_192];
      try (var channel =
          java.nio.channels.FileChannel.open(whole, java.nio.file.StandardOpenOption.WRITE)) {
        channel.write(java.nio.ByteBuffer.wrap(zeros), 8_192);
      }
      assertThatThrownBy(
              () -> database.read(c -> Database.queryNumber(c, "SELECT SUM(index) FROM entries")))
          .isInstanceOf(DamagedFileException.class);
      assertThat(fatal).hasSize(1);
      assertThat(Database.isDamage(fatal.getFirst())).isTrue();
    }
  }

  @Test
  @DisplayName("A file that was rejected can be quarantined and replaced by a new one")
  void rejectedFileCanBeReplaced() throws IOException {
    Path file = directory.resolve("whole");
    Path whole = writeFile();
    Migrations unknown = TestSchemas.of("nowhere.sql", "nowhere.sql");
    assertThatThrownBy(
            () -> Database.open(file, unknown, new Database.Sizes(1024, 1), e -> {}).close())
        .isInstanceOf(StorageException.class);

    assertThat(Quarantine.setAside(whole)).exists();

    try (Database fresh = open(file)) {
      assertThat(fresh.<Long>read(c -> Database.queryNumber(c, "SELECT COUNT(*) FROM entries")))
          .isZero();
    }
  }

  @Test
  @DisplayName("A full disk and a file in use are not damage")
  void fullDiskAndFileInUseAreNotDamage() {
    assertThat(
            DamageClassifier.isDamage(
                new SQLException(
                    "x",
                    "90031",
                    ErrorCode.IO_EXCEPTION_2,
                    DataUtils.newMVStoreException(
                        DataUtils.ERROR_WRITING_FAILED,
                        "writing failed",
                        new IOException("No space left on device")))))
        .isFalse();
    Path file = directory.resolve("busy");
    try (Database open = open(file)) {
      assertThat(open.file()).isEqualTo(file);
      // Within one JVM, H2 shares an open file. Another process gets this error code.
      assertThat(
              DamageClassifier.isDamage(
                  new SQLException("x", "90020", ErrorCode.DATABASE_ALREADY_OPEN_1)))
          .isFalse();
    }
  }

  @Test
  @DisplayName("A quarantined file keeps its content")
  void quarantinedFileKeepsItsContent() throws IOException {
    Path file = Files.writeString(directory.resolve("orders.mv.db"), "rows");

    Path quarantined = Quarantine.setAside(file);

    assertThat(file).doesNotExist();
    assertThat(quarantined).hasContent("rows");
    assertThat(quarantined.getFileName().toString()).startsWith("orders.mv.db.quarantine-");
  }

  private Path writeFile() {
    Path file = directory.resolve("whole");
    try (Database database = open(file)) {
      for (int commit = 0; commit < 10; commit++) {
        int first = commit * ROWS / 10;
        database
            .write(
                c -> {
                  try (var insert = c.prepareStatement("INSERT INTO entries VALUES (?, ?)")) {
                    for (int i = first; i < first + ROWS / 10; i++) {
                      insert.setLong(1, i);
                      insert.setLong(2, i);
                      insert.addBatch();
                    }
                    return insert.executeBatch().length;
                  }
                })
            .join();
      }
    }
    return directory.resolve("whole" + Database.FILE_SUFFIX);
  }

  private static Database open(Path file) {
    return Database.open(
        file,
        TestSchemas.ENTRIES,
        new Database.Sizes(1024, 1),
        e -> {
          throw new AssertionError(e);
        });
  }
}
