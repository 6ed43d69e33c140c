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
 * The versions of a node's schema: version n is what script n makes of version n − 1. A file of a
 * newer version than this program knows is refused, and scripts are never edited once released.
 *
 * @param owner the class beside which the scripts lie
 * @param scripts their resource names, in order
 */
public record Migrations(Class<?> owner, List<String> scripts) {
  public Migrations {
    scripts = List.copyOf(scripts);
  }

  /** Brings the schema up to date in one transaction a version; returns how many were applied. */
  int apply(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS schema_version(version INT PRIMARY KEY, script VARCHAR)");
    }
    int current = current(connection);
    if (current > scripts.size()) {
      throw new StorageException(
          "the file has schema version " + current + ", this program knows " + scripts.size());
    }
    for (int version = current + 1; version <= scripts.size(); version++) {
      apply(connection, version, scripts.get(version - 1));
    }
    return scripts.size() - current;
  }

  private static int current(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT COALESCE(MAX(version), 0) FROM schema_version")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private void apply(Connection connection, int version, String script) throws SQLException {
    // H2 commits before each DDL statement. A script that was cut short runs again as a whole,
    // so its statements say IF NOT EXISTS; the version row comes last.
    try (Statement statement = connection.createStatement();
        PreparedStatement mark =
            connection.prepareStatement("INSERT INTO schema_version VALUES (?, ?)")) {
      statement.execute(read(script));
      mark.setInt(1, version);
      mark.setString(2, script);
      mark.executeUpdate();
      connection.commit();
    }
  }

  private String read(String script) {
    try (InputStream in = owner.getResourceAsStream(script)) {
      if (in == null) {
        throw new StorageException("there is no schema script " + script + " beside " + owner);
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new StorageException("schema script " + script + " is unreadable", e);
    }
  }
}
