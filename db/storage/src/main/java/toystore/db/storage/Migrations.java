package toystore.db.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * The schema versions of a node's file. Script n migrates version n − 1 to version n. A file with a
 * newer version than the last script is rejected. A released script is never changed.
 *
 * @param owner the class in whose package the scripts are resources
 * @param scripts the resource names, in order
 */
public record Migrations(Class<?> owner, List<String> scripts) {
  public Migrations {
    scripts = List.copyOf(scripts);
  }

  /**
   * Runs the scripts that the file has not seen yet. Each script is one transaction.
   *
   * @return the number of scripts that ran
   */
  int apply(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS schema_version(version INT PRIMARY KEY, script VARCHAR)");
    }
    int current = currentVersion(connection);
    if (current > scripts.size()) {
      throw new StorageException(
          "the file has schema version "
              + current
              + ", but this program knows only versions up to "
              + scripts.size());
    }
    for (int version = current + 1; version <= scripts.size(); version++) {
      apply(connection, version, scripts.get(version - 1));
    }
    return scripts.size() - current;
  }

  private static int currentVersion(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT COALESCE(MAX(version), 0) FROM schema_version")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private void apply(Connection connection, int version, String script) throws SQLException {
    // H2 commits before each DDL statement, so a crash can interrupt a script halfway. The version
    // row is inserted last, and the script runs again from its beginning. Its statements therefore
    // use IF NOT EXISTS.
    try (Statement statement = connection.createStatement();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO schema_version VALUES (?, ?)")) {
      statement.execute(read(script));
      insert.setInt(1, version);
      insert.setString(2, script);
      insert.executeUpdate();
      connection.commit();
    }
  }

  private String read(String script) {
    try (InputStream in = owner.getResourceAsStream(script)) {
      if (in == null) {
        throw new StorageException(
            "schema script " + script + " is missing in the package of " + owner);
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new StorageException("cannot read schema script " + script, e);
    }
  }
}
