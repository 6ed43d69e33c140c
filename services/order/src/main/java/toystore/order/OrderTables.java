package toystore.order;

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
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.Migrations;
import toystore.db.storage.RunningHash;

/** The SQL of the order log. */
final class OrderTables {
  static final Migrations MIGRATIONS =
      new Migrations(OrderTables.class, List.of("V1__order_log.sql", "V2__holds_by_order.sql"));

  private static final String SELECT = "SELECT " + OrderRow.COLUMNS + " FROM orders ";

  /** Rows of one query where all are walked over. */
  private static final int PAGE = 1_000;

  private OrderTables() {}

  /** Writes changes in order. Placed rows go in as one batch, which is where the time goes. */
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
          case OrderRowChange.Time moved -> time = moved;
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
        PreparedStatement forget =
            transaction.prepareStatement("DELETE FROM tombstones WHERE time_ms < ?")) {
      merge.setLong(1, time.nowMs());
      merge.setLong(2, time.prunedBeforeMs());
      merge.executeUpdate();
      forget.setLong(1, time.prunedBeforeMs());
      forget.executeUpdate();
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

  /** Which of these holds orders name; walks over all rows. */
  static Set<UUID> naming(Connection connection, Set<UUID> holds) throws SQLException {
    Set<UUID> named = new HashSet<>();
    // In pages, and compared here: H2 would go through all of these holds for each row.
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT number, hold_id FROM orders WHERE number > ? ORDER BY number LIMIT ?")) {
      long last = -1;
      int found = PAGE;
      while (found == PAGE) {
        select.setLong(1, last);
        select.setInt(2, PAGE);
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

  /** Rows whose number is above this, at most so many, by rising number. */
  static List<OrderRow> after(Connection connection, long number, int limit) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(SELECT + "WHERE number > ? ORDER BY number LIMIT ?")) {
      select.setLong(1, number);
      select.setInt(2, limit);
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

  /** How far the running hash was checked: so many orders, the last with this hash. */
  record Verified(long orders, OrderRow.Hash hash) {
    static final Verified NOTHING = new Verified(0, OrderRow.Hash.START);
  }

  /** Rows of the table of checks: what starts have seen, and where the scrub is. */
  private static final int AT_START = 0;

  private static final int SCRUB = 1;

  static Verified verified(Connection connection) throws SQLException {
    return verified(connection, AT_START);
  }

  static Verified scrubbed(Connection connection) throws SQLException {
    return verified(connection, SCRUB);
  }

  private static Verified verified(Connection connection, int id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT orders, hash FROM verified WHERE id = ?")) {
      select.setInt(1, id);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next()
            ? new Verified(rows.getLong(1), new OrderRow.Hash(rows.getBytes(2)))
            : Verified.NOTHING;
      }
    }
  }

  static Verified markVerified(Connection transaction, Verified verified) throws SQLException {
    return mark(transaction, AT_START, verified);
  }

  static Verified markScrubbed(Connection transaction, Verified verified) throws SQLException {
    return mark(transaction, SCRUB, verified);
  }

  private static Verified mark(Connection transaction, int id, Verified verified)
      throws SQLException {
    try (PreparedStatement merge =
        transaction.prepareStatement("MERGE INTO verified KEY(id) VALUES (?, ?, ?)")) {
      merge.setInt(1, id);
      merge.setLong(2, verified.orders());
      merge.setBytes(3, verified.hash().bytes());
      merge.executeUpdate();
      return verified;
    }
  }

  /** Where a check begins that looks at the rows since the last one, and at no more than these. */
  static Verified startOfCheck(Connection connection, int mostRows) throws SQLException {
    Verified verified = verified(connection);
    OrderRow last = last(connection);
    long end = last == null ? 0 : last.number() + 1;
    if (verified.orders() > end) {
      throw new DamagedFileException(
          "order " + (verified.orders() - 1) + " is missing; the last is " + (end - 1));
    }
    if (end - verified.orders() <= mostRows) {
      return verified;
    }
    OrderRow before = byNumber(connection, end - mostRows - 1);
    if (before == null) {
      throw new DamagedFileException("order " + (end - mostRows - 1) + " is missing");
    }
    return new Verified(before.number() + 1, before.hash());
  }

  /** What is looked at besides, of a page of rows whose hashes are right. */
  @FunctionalInterface
  interface PageCheck {
    PageCheck NOTHING = (connection, rows) -> {};

    void check(Connection connection, List<OrderRow> rows) throws SQLException;
  }

  /**
   * Walks rows from a verified place on and recomputes each hash.
   *
   * @param most so many rows, in whole pages
   * @return how far all is right
   * @throws DamagedFileException naming the first row that is missing or was changed
   */
  static Verified verifyFrom(Connection connection, Verified from, int most, PageCheck besides)
      throws SQLException {
    RunningHash hasher = new RunningHash();
    Verified reached = from;
    while (reached.orders() - from.orders() < most) {
      List<OrderRow> rows = after(connection, reached.orders() - 1, Math.min(PAGE, most));
      if (rows.isEmpty()) {
        return reached;
      }
      for (OrderRow row : rows) {
        if (row.number() != reached.orders()) {
          throw new DamagedFileException(
              "order " + reached.orders() + " is missing; the next is " + row.number());
        }
        if (!row.hashAfter(hasher, reached.hash()).equals(row.hash())) {
          throw new DamagedFileException(
              "order " + row.number() + " does not match its running hash: the file is damaged");
        }
        reached = new Verified(row.number() + 1, row.hash());
      }
      besides.check(connection, rows);
    }
    return reached;
  }

  /**
   * Finds rows by their ids: an index that has lost an entry would let a purchase happen twice. One
   * query for a page, since hundreds of small ones a second keep the compilers busy in each
   * process.
   *
   * @param rows at most 65,536, which is what H2 takes as an array
   * @throws DamagedFileException naming the first row that the index does not lead to
   */
  static void verifyIndex(Connection connection, List<OrderRow> rows) throws SQLException {
    Set<OrderRow> found;
    try (PreparedStatement select =
        connection.prepareStatement(SELECT + "WHERE order_id = ANY(?)")) {
      select.setObject(1, rows.stream().map(OrderRow::orderId).toArray(UUID[]::new));
      found = new HashSet<>(all(select));
    }
    for (OrderRow row : rows) {
      if (!found.contains(row)) {
        throw new DamagedFileException(
            "the index of ids does not lead to order " + row.number() + ": the file is damaged");
      }
    }
  }
}
