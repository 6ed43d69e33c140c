package toystore.order;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.Migrations;
import toystore.db.storage.RunningHash;
import toystore.db.storage.StorageException;

/** The SQL of the order log. */
final class OrderTables {
  static final Migrations MIGRATIONS =
      new Migrations(OrderTables.class, List.of("V1__order_log.sql"));

  private static final String SELECT = "SELECT " + OrderRow.COLUMNS + " FROM orders ";

  private OrderTables() {}

  /** Writes changes in order. Placed rows go in as one batch, which is where the time goes. */
  static void write(Connection transaction, List<OrderChange> changes) throws SQLException {
    OrderChange.Time time = null;
    try (PreparedStatement order =
            transaction.prepareStatement(
                "INSERT INTO orders(" + OrderRow.COLUMNS + ") VALUES (?,?,?,?,?,?,?,?,?,?)");
        PreparedStatement tombstone =
            transaction.prepareStatement("MERGE INTO tombstones KEY(hold_id) VALUES (?, ?, ?)")) {
      for (OrderChange change : changes) {
        switch (change) {
          case OrderChange.Placed placed -> addOrder(order, placed.row());
          case OrderChange.Tombstoned t -> {
            tombstone.setObject(1, t.holdId());
            tombstone.setLong(2, t.timeMs());
            tombstone.setLong(3, t.logIndex());
            tombstone.addBatch();
          }
          case OrderChange.Time moved -> time = moved;
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

  private static void writeTime(Connection transaction, OrderChange.Time time) throws SQLException {
    try (PreparedStatement merge =
            transaction.prepareStatement("MERGE INTO log_time KEY(id) VALUES (0, ?, ?)");
        PreparedStatement forget =
            transaction.prepareStatement("DELETE FROM tombstones WHERE time_ms < ?")) {
      merge.setLong(1, time.nowMs());
      merge.setLong(2, time.prunedBeforeMs());
      merge.executeUpdate();
      forget.setLong(1, time.prunedBeforeMs());
      forget.executeUpdate();
    }
  }

  static OrderChange.Time time(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT now_ms, pruned_before_ms FROM log_time");
        ResultSet rows = select.executeQuery()) {
      return rows.next()
          ? new OrderChange.Time(rows.getLong(1), rows.getLong(2))
          : new OrderChange.Time(0, 0);
    }
  }

  static Map<UUID, OrderChange.Tombstoned> tombstones(Connection connection) throws SQLException {
    Map<UUID, OrderChange.Tombstoned> tombstones = new HashMap<>();
    try (PreparedStatement select =
            connection.prepareStatement("SELECT hold_id, time_ms, log_index FROM tombstones");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        UUID holdId = rows.getObject(1, UUID.class);
        tombstones.put(
            holdId, new OrderChange.Tombstoned(holdId, rows.getLong(2), rows.getLong(3)));
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

  static @Nullable OrderRow byHold(Connection connection, UUID holdId) throws SQLException {
    return one(connection, SELECT + "WHERE hold_id = ?", holdId);
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

  /** Rows whose number is above this, at most so many, by rising number. */
  static List<OrderRow> after(Connection connection, long number, int limit) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(SELECT + "WHERE number > ? ORDER BY number LIMIT ?")) {
      select.setLong(1, number);
      select.setInt(2, limit);
      List<OrderRow> found = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          found.add(OrderRow.read(rows));
        }
      }
      return found;
    }
  }

  /** How far the running hash was checked: so many orders, the last with this hash. */
  record Verified(long orders, OrderRow.Hash hash) {}

  static Verified verified(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT orders, hash FROM verified");
        ResultSet rows = select.executeQuery()) {
      return rows.next()
          ? new Verified(rows.getLong(1), new OrderRow.Hash(rows.getBytes(2)))
          : new Verified(0, OrderRow.Hash.START);
    }
  }

  static Verified markVerified(Connection transaction, Verified verified) throws SQLException {
    try (PreparedStatement merge =
        transaction.prepareStatement("MERGE INTO verified KEY(id) VALUES (0, ?, ?)")) {
      merge.setLong(1, verified.orders());
      merge.setBytes(2, verified.hash().bytes());
      merge.executeUpdate();
      return verified;
    }
  }

  /**
   * Walks the rows from a verified place on and recomputes each hash.
   *
   * @return how far all is right: to the last row there is
   * @throws StorageException naming the first row that is missing or was changed
   */
  static Verified verifyFrom(Connection connection, Verified from) throws SQLException {
    RunningHash hasher = new RunningHash();
    Verified reached = from;
    while (true) {
      List<OrderRow> rows = after(connection, reached.orders() - 1, 1000);
      if (rows.isEmpty()) {
        return reached;
      }
      for (OrderRow row : rows) {
        if (row.number() != reached.orders()) {
          throw new StorageException(
              "order " + reached.orders() + " is missing; the next is " + row.number());
        }
        if (!row.hashAfter(hasher, reached.hash()).equals(row.hash())) {
          throw new StorageException(
              "order " + row.number() + " does not match its running hash: the file is damaged");
        }
        reached = new Verified(row.number() + 1, row.hash());
      }
    }
  }
}
