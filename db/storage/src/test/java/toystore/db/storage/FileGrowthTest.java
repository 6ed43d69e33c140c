package toystore.db.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FileGrowthTest {
  private static final int ROWS = 1_000;
  private static final int TRANSACTIONS = 1_500;
  private static final long MEGABYTE = 1 << 20;

  @TempDir Path directory;

  @Test
  @DisplayName("Small transactions make the file grow, and compaction makes it shrink again")
  void compactionUndoesTheGrowthBySmallTransactions() throws IOException {
    FatalErrorRecorder fatal = new FatalErrorRecorder();
    Path file = directory.resolve("db");
    try (Database database = Database.open(file, TestSchemas.ENTRIES, TestSchemas.SMALL, fatal)) {
      database
          .write(
              connection ->
                  run(
                      connection,
                      "INSERT INTO entries SELECT x, 0 FROM SYSTEM_RANGE(1, " + ROWS + ")"))
          .join();
      long before = size();

      CompletableFuture<?> last = CompletableFuture.completedFuture(null);
      for (int i = 1; i <= TRANSACTIONS; i++) {
        long index = i;
        last = database.write(connection -> update(connection, index));
      }
      last.join();
      assertThat(size())
          .as("file size for the same number of rows")
          .isGreaterThan(before + 8 * MEGABYTE);

      // By default H2 keeps dead chunks for 45 s, which is too long for a test.
      database.write(connection -> run(connection, "SET RETENTION_TIME 0")).join();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                database.compact(16 << 20).join();
                // H2 frees the space of compacted chunks at the next commit.
                database.write(connection -> update(connection, TRANSACTIONS)).join();
                return size() < MEGABYTE;
              });
      assertThat(database.<Long>read(c -> Database.queryNumber(c, "SELECT COUNT(*) FROM entries")))
          .isEqualTo(ROWS);
      assertThat(
              database.<Long>read(c -> Database.queryNumber(c, "SELECT MAX(index) FROM entries")))
          .isEqualTo(TRANSACTIONS);
    }
    fatal.assertNone();

    try (Database reopened = Database.open(file, TestSchemas.ENTRIES, TestSchemas.SMALL, fatal)) {
      assertThat(
              reopened.<Long>read(c -> Database.queryNumber(c, "SELECT MAX(index) FROM entries")))
          .isEqualTo(TRANSACTIONS);
    }
  }

  private long size() throws IOException {
    return Files.size(directory.resolve("db.mv.db"));
  }

  private static boolean run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.execute(sql);
    }
  }

  private static int update(Connection connection, long index) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE entries SET index = ? WHERE number = ?")) {
      update.setLong(1, index);
      update.setLong(2, index % ROWS + 1);
      return update.executeUpdate();
    }
  }
}
