package toystore.db.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationsTest {
  @TempDir Path directory;

  private final FatalErrorRecorder fatal = new FatalErrorRecorder();

  @Test
  @DisplayName("A new file gets all schema versions in order")
  void newFileGetsAllVersionsInOrder() {
    try (Database database = open(TestSchemas.ENTRIES_WITH_NOTE)) {
      assertThat(strings(database, "SELECT script FROM schema_version ORDER BY version"))
          .containsExactly("entries.sql", "entries-note.sql");
    }
  }

  @Test
  @DisplayName("A file with an older schema is migrated and keeps its rows")
  void olderFileIsMigratedAndKeepsItsRows() {
    try (Database old = open(TestSchemas.ENTRIES)) {
      old.write(c -> execute(c, "INSERT INTO entries VALUES (7, 70)")).join();
    }
    try (Database upgraded = open(TestSchemas.ENTRIES_WITH_NOTE)) {
      assertThat(strings(upgraded, "SELECT number || ' ' || index || ' ' || note FROM entries"))
          .containsExactly("7 70 none");
    }
    try (Database again = open(TestSchemas.ENTRIES_WITH_NOTE)) {
      assertThat(strings(again, "SELECT version FROM schema_version ORDER BY version"))
          .containsExactly("1", "2");
    }
  }

  @Test
  @DisplayName("A file with a newer schema is rejected and not changed")
  void newerFileIsRejectedUnchanged() {
    open(TestSchemas.ENTRIES_WITH_NOTE).close();
    assertThatThrownBy(() -> open(TestSchemas.ENTRIES).close())
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("db.mv.db")
        .hasMessageContaining(
            "the file has schema version 2, but this program knows only versions up to 1");
    try (Database database = open(TestSchemas.ENTRIES_WITH_NOTE)) {
      assertThat(strings(database, "SELECT MAX(version) FROM schema_version")).containsExactly("2");
    }
  }

  @Test
  @DisplayName("A script that a crash interrupted runs again")
  void interruptedScriptRunsAgain() {
    try (Database old = open(TestSchemas.ENTRIES)) {
      // The state after a crash between the script and the insertion of its version row.
      old.write(c -> execute(c, "ALTER TABLE entries ADD COLUMN note VARCHAR(64) DEFAULT 'none'"))
          .join();
    }
    try (Database upgraded = open(TestSchemas.ENTRIES_WITH_NOTE)) {
      assertThat(strings(upgraded, "SELECT MAX(version) FROM schema_version")).containsExactly("2");
    }
  }

  @Test
  @DisplayName("The error message names a script that does not exist")
  void missingScriptIsNamed() {
    assertThatThrownBy(() -> open(TestSchemas.of("entries.sql", "nowhere.sql")).close())
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("nowhere.sql");
  }

  private Database open(Migrations migrations) {
    return Database.open(directory.resolve("db"), migrations, TestSchemas.SMALL, fatal);
  }

  private static boolean execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.execute(sql);
    }
  }

  private static List<String> strings(Database database, String sql) {
    return database.read(
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet rows = statement.executeQuery(sql)) {
            List<String> strings = new ArrayList<>();
            while (rows.next()) {
              strings.add(rows.getString(1));
            }
            return strings;
          }
        });
  }
}
