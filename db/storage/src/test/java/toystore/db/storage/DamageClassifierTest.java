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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files that are not as they were written, and failures that only look like it. */
@Timeout(60)
class DamageClassifierTest {
  private static final int ATTEMPTS = 40;
  private static final int ROWS = 2_000;

  @TempDir Path directory;

  /** Damage ends in an exception of its own kind, in an older state, or in a row that differs. */
  @Test
  void aDamagedFileIsNeverAFailureOfAnotherKind() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Path whole = written();
    byte[] bytes = Files.readAllBytes(whole);
    int seen = 0;
    for (int i = 0; i < ATTEMPTS; i++) {
      byte[] damaged = damage(bytes, random, i);
      Path file = directory.resolve("damaged-" + i);
      Files.write(directory.resolve("damaged-" + i + Database.FILE_ENDING), damaged);
      if (isSeen(file)) {
        seen++;
      }
    }
    assertThat(seen).as("found by H2 itself, of %d", ATTEMPTS).isPositive();
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

  private static boolean isSeen(Path file) {
    List<Throwable> fatal = new ArrayList<>();
    try (Database database =
        Database.open(file, TestSchemas.ENTRIES, new Database.Sizes(1024, 1), fatal::add)) {
      database.read(c -> Database.number(c, "SELECT SUM(index) FROM entries"));
      return false;
    } catch (DamagedFileException e) {
      return true;
    }
  }

  @Test
  void damageThatAReaderMeetsIsFatal() throws IOException {
    Path whole = written();
    byte[] bytes = Files.readAllBytes(whole);
    List<Throwable> fatal = new ArrayList<>();
    try (Database database =
        Database.open(
            directory.resolve("whole"),
            TestSchemas.ENTRIES,
            new Database.Sizes(0, 1),
            fatal::add)) {
      // All but the two headers; what H2 has in memory stays good.
      byte[] zeros = new byte[bytes.length - 8_192];
      try (var channel =
          java.nio.channels.FileChannel.open(whole, java.nio.file.StandardOpenOption.WRITE)) {
        channel.write(java.nio.ByteBuffer.wrap(zeros), 8_192);
      }
      assertThatThrownBy(
              () -> database.read(c -> Database.number(c, "SELECT SUM(index) FROM entries")))
          .isInstanceOf(DamagedFileException.class);
      assertThat(fatal).hasSize(1);
      assertThat(Database.isDamage(fatal.getFirst())).isTrue();
    }
  }

  @Test
  void anotherFileMayTakeThePlaceOfOneThatWasRefused() throws IOException {
    Path file = directory.resolve("whole");
    Path whole = written();
    Migrations unknown = TestSchemas.of("nowhere.sql", "nowhere.sql");
    assertThatThrownBy(
            () -> Database.open(file, unknown, new Database.Sizes(1024, 1), e -> {}).close())
        .isInstanceOf(StorageException.class);

    assertThat(Quarantine.setAside(whole)).exists();

    try (Database fresh = open(file)) {
      assertThat(fresh.<Long>read(c -> Database.number(c, "SELECT COUNT(*) FROM entries")))
          .isZero();
    }
  }

  @Test
  void aFullDiskOrAFileInUseIsNoDamage() {
    assertThat(
            DamageClassifier.shownBy(
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
      // Within one JVM H2 shares the file; another process gets this code.
      assertThat(
              DamageClassifier.shownBy(
                  new SQLException("x", "90020", ErrorCode.DATABASE_ALREADY_OPEN_1)))
          .isFalse();
    }
  }

  @Test
  void whatIsSetAsideKeepsItsContent() throws IOException {
    Path file = Files.writeString(directory.resolve("orders.mv.db"), "rows");

    Path aside = Quarantine.setAside(file);

    assertThat(file).doesNotExist();
    assertThat(aside).hasContent("rows");
    assertThat(aside.getFileName().toString()).startsWith("orders.mv.db.quarantine-");
  }

  private Path written() {
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
    return directory.resolve("whole" + Database.FILE_ENDING);
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
