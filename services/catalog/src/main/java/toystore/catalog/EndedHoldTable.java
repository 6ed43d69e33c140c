package toystore.catalog;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The SQL of the holds that were settled or released. */
final class EndedHoldTable {
  private static final String FROM_TABLE = "hold_id, settled, log_index FROM ended_holds";

  private EndedHoldTable() {}

  /**
   * Writes ended holds. Some may already be in the table: those that an interrupted install wrote,
   * or that the log applied during an install. Rows of later entries than any in the table cannot
   * be in it; they are inserted without a lookup, which would cost as much as the insert.
   */
  static void write(Connection transaction, List<EndedHold> ended) throws SQLException {
    long lastPresent = lastLogIndex(transaction);
    try (PreparedStatement insert =
            transaction.prepareStatement("INSERT INTO ended_holds VALUES (?, ?, ?)");
        PreparedStatement merge =
            transaction.prepareStatement("MERGE INTO ended_holds KEY(hold_id) VALUES (?, ?, ?)")) {
      for (EndedHold hold : ended) {
        PreparedStatement statement = hold.logIndex() > lastPresent ? insert : merge;
        statement.setObject(1, hold.holdId());
        statement.setBoolean(2, hold.settled());
        statement.setLong(3, hold.logIndex());
        statement.addBatch();
      }
      merge.executeBatch();
      insert.executeBatch();
    }
  }

  /** The index of the last entry that ended a hold in the table, or -1 if the table is empty. */
  private static long lastLogIndex(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT COALESCE(MAX(log_index), -1) FROM ended_holds");
        ResultSet rows = select.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** The ended hold with this id, or null. */
  static @Nullable EndedHold find(Connection connection, UUID holdId) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT " + FROM_TABLE + " WHERE hold_id = ?")) {
      select.setObject(1, holdId);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? read(rows) : null;
      }
    }
  }

  /**
   * Holds after a key that entries up to an index ended, in the order of their keys, at most {@code
   * limit}.
   */
  static List<EndedHold> after(Connection connection, EndedHoldKey key, long maxLogIndex, int limit)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT "
                + FROM_TABLE
                + " WHERE log_index BETWEEN ? AND ? AND (log_index > ? OR hold_id > ?)"
                + " ORDER BY log_index, hold_id LIMIT ?")) {
      select.setLong(1, key.logIndex());
      select.setLong(2, maxLogIndex);
      select.setLong(3, key.logIndex());
      select.setObject(4, key.holdId());
      select.setInt(5, limit);
      List<EndedHold> found = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          found.add(read(rows));
        }
      }
      return found;
    }
  }

  private static EndedHold read(ResultSet rows) throws SQLException {
    return new EndedHold(rows.getObject(1, UUID.class), rows.getBoolean(2), rows.getLong(3));
  }

  /**
   * Deletes the rows of holds that were ended by entries after an index. An interrupted install
   * left such rows.
   */
  static int deleteAfter(Connection transaction, long logIndex) throws SQLException {
    try (PreparedStatement delete =
        transaction.prepareStatement("DELETE FROM ended_holds WHERE log_index > ?")) {
      delete.setLong(1, logIndex);
      return delete.executeUpdate();
    }
  }
}
