package toystore.db.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import toystore.db.log.LogPosition;

/** The table {@code log_position} of an H2 file: which log entries the file contains. */
public final class LogPositionTable {
  private static final int APPLIED_ID = 0;
  private static final int INSTALLED_ID = 1;

  private LogPositionTable() {}

  /** The position of the last entry whose changes the file contains. */
  public static LogPosition readApplied(Connection connection) throws SQLException {
    return read(connection, APPLIED_ID);
  }

  /**
   * The position of the last state that was fetched from another replica instead of applied from
   * the log. A file may be ahead of its node's log only up to this position.
   */
  public static LogPosition readInstalled(Connection connection) throws SQLException {
    return read(connection, INSTALLED_ID);
  }

  static void writeApplied(Connection connection, LogPosition position) throws SQLException {
    write(connection, APPLIED_ID, position);
  }

  static void writeInstalled(Connection connection, LogPosition position) throws SQLException {
    write(connection, INSTALLED_ID, position);
  }

  private static LogPosition read(Connection connection, int id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT term, index FROM log_position WHERE id = ?")) {
      select.setInt(1, id);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? new LogPosition(rows.getLong(1), rows.getLong(2)) : LogPosition.NONE;
      }
    }
  }

  private static void write(Connection connection, int id, LogPosition position)
      throws SQLException {
    try (PreparedStatement merge =
        connection.prepareStatement("MERGE INTO log_position KEY(id) VALUES (?, ?, ?)")) {
      merge.setInt(1, id);
      merge.setLong(2, position.term());
      merge.setLong(3, position.index());
      merge.executeUpdate();
    }
  }
}
