package toystore.order.log;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.Migrations;

/** The SQL of the order log. */
public final class OrderTables {
  public static final Migrations MIGRATIONS =
      new Migrations(OrderTables.class, List.of("V1__order_log.sql", "V2__holds_by_order.sql"));

  private static final String SELECT = "SELECT " + OrderRow.COLUMNS + " FROM orders ";

  /** Rows that one query of a full scan reads. */
  private static final int SCAN_ROWS = 1_000;

  private OrderTables() {}

  /** Writes changes in order. All placed rows are one batch, because they take most of the time. */
  static void write(Connection transaction, List<OrderRowChange> changes) throws SQLException {
    OrderRowChange.Time time = null;
    try (PreparedStatement order =
            transaction.prepareStatement(
                "INSERT INTO orders(" + OrderRow.COLUMNS + ") VALUES (?,?,?,?,?,?,?,?,?,?)");
        PreparedStatement tombstone =
            transaction.prepareStatement("MERGE INTO tombstones KEY(hold_id) VALUES (?, ?, ?)")) {
      for (OrderRowChange change : changes) {
        switch (change) {
          case OrderRowChange.Placed placed -> addOrder(order, placed.row());
          case OrderRowChange.Tombstoned t -> {
            tombstone.setObject(1, t.holdId());
            tombstone.setLong(2, t.timeMs());
            tombstone.setLong(3, t.logIndex());
            tombstone.addBatch();
          }
          case OrderRowChange.Time latest -> time = latest;
        }
      }
      order.executeBatch();
      tombstone.executeBatch();
    }
    if (time != null) {
      writeTime(transaction, time);
    }
  }

  private static void addOrder(PreparedStatement insert, OrderRow row) throws SQLException {
    insert.setLong(1, row.number());
    insert.setObject(2, row.orderId());
    insert.setObject(3, row.holdId());
    insert.setString(4, row.name());
    insert.setInt(5, row.quantity());
    insert.setLong(6, row.unitPriceCents());
    insert.setLong(7, row.productVersion());
    insert.setLong(8, row.placedAtMs());
    insert.setLong(9, row.logIndex());
    insert.setBytes(10, row.hash().bytes());
    insert.addBatch();
  }

  private static void writeTime(Connection transaction, OrderRowChange.Time time)
      throws SQLException {
    try (PreparedStatement merge =
            transaction.prepareStatement("MERGE INTO log_time KEY(id) VALUES (0, ?, ?)");
        PreparedStatement prune =
            transaction.prepareStatement("DELETE FROM tombstones WHERE time_ms < ?")) {
      merge.setLong(1, time.nowMs());
      merge.setLong(2, time.prunedBeforeMs());
      merge.executeUpdate();
      prune.setLong(1, time.prunedBeforeMs());
      prune.executeUpdate();
    }
  }

  static OrderRowChange.Time time(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT now_ms, pruned_before_ms FROM log_time");
        ResultSet rows = select.executeQuery()) {
      return rows.next()
          ? new OrderRowChange.Time(rows.getLong(1), rows.getLong(2))
          : new OrderRowChange.Time(0, 0);
    }
  }

  static Map<UUID, OrderRowChange.Tombstoned> tombstones(Connection connection)
      throws SQLException {
    Map<UUID, OrderRowChange.Tombstoned> tombstones = new HashMap<>();
    try (PreparedStatement select =
            connection.prepareStatement("SELECT hold_id, time_ms, log_index FROM tombstones");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        UUID holdId = rows.getObject(1, UUID.class);
        tombstones.put(
            holdId, new OrderRowChange.Tombstoned(holdId, rows.getLong(2), rows.getLong(3)));
      }
    }
    return tombstones;
  }

  static @Nullable OrderRow last(Connection connection) throws SQLException {
    return one(connection, SELECT + "ORDER BY number DESC LIMIT 1", null);
  }

  static @Nullable OrderRow byNumber(Connection connection, long number) throws SQLException {
    return one(connection, SELECT + "WHERE number = ?", number);
  }

  static @Nullable OrderRow byOrderId(Connection connection, UUID orderId) throws SQLException {
    return one(connection, SELECT + "WHERE order_id = ?", orderId);
  }

  /** Those of the given holds that orders name. Reads all rows. */
  static Set<UUID> naming(Connection connection, Set<UUID> holds) throws SQLException {
    Set<UUID> named = new HashSet<>();
    // The rows are compared here: H2 would compare each row with every one of the holds.
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT number, hold_id FROM orders WHERE number > ? ORDER BY number LIMIT ?")) {
      long last = -1;
      int found = SCAN_ROWS;
      while (found == SCAN_ROWS) {
        select.setLong(1, last);
        select.setInt(2, SCAN_ROWS);
        found = 0;
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            found++;
            last = rows.getLong(1);
            UUID holdId = rows.getObject(2, UUID.class);
            if (holds.contains(holdId)) {
              named.add(holdId);
            }
          }
        }
      }
    }
    return named;
  }

  private static @Nullable OrderRow one(
      Connection connection, String sql, @Nullable Object parameter) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      if (parameter != null) {
        select.setObject(1, parameter);
      }
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? OrderRow.read(rows) : null;
      }
    }
  }

  /** The rows after a number, at most {@code limit}, in ascending order. */
  static List<OrderRow> after(Connection connection, long number, int limit) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(SELECT + "WHERE number > ? ORDER BY number LIMIT ?")) {
      select.setLong(1, number);
      select.setInt(2, limit);
      return all(select);
    }
  }

  /** Rows that the index of order ids leads to, in any order. */
  static List<OrderRow> byOrderIds(Connection connection, UUID[] orderIds) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(SELECT + "WHERE order_id = ANY(?)")) {
      select.setObject(1, orderIds);
      return all(select);
    }
  }

  private static List<OrderRow> all(PreparedStatement select) throws SQLException {
    List<OrderRow> found = new ArrayList<>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        found.add(OrderRow.read(rows));
      }
    }
    return found;
  }
}
