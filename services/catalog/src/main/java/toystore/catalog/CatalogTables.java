package toystore.catalog;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.Migrations;

/** The SQL of the catalog. */
final class CatalogTables {
  static final Migrations MIGRATIONS =
      new Migrations(CatalogTables.class, List.of("V1__catalog.sql"));

  private CatalogTables() {}

  /**
   * Writes changes. Only the last state of each row counts: a hold that was opened and ended since
   * the last transaction is written once, and each product once.
   */
  static void write(Connection transaction, List<CatalogChange> changes) throws SQLException {
    Map<String, ProductRow> products = new LinkedHashMap<>();
    Map<UUID, HoldRow> opened = new LinkedHashMap<>();
    Map<UUID, Boolean> ended = new LinkedHashMap<>();
    List<UUID> endedBefore = new ArrayList<>();
    CatalogChange.Time time = null;
    UUID forgotten = null;
    for (CatalogChange change : changes) {
      switch (change) {
        case CatalogChange.ProductIs is -> products.put(is.product().name(), is.product());
        case CatalogChange.Opened open -> opened.put(open.hold().holdId(), open.hold());
        case CatalogChange.Ended end -> {
          ended.put(end.holdId(), end.settled());
          if (opened.remove(end.holdId()) == null) {
            endedBefore.add(end.holdId());
          }
        }
        case CatalogChange.Time moved -> time = moved;
        case CatalogChange.Forgotten old -> forgotten = old.before();
      }
    }
    writeProducts(transaction, products);
    writeHolds(transaction, opened, ended, endedBefore);
    if (time != null) {
      writeTime(transaction, time);
    }
    if (forgotten != null) {
      forget(transaction, forgotten);
    }
  }

  private static void writeProducts(Connection transaction, Map<String, ProductRow> products)
      throws SQLException {
    try (PreparedStatement merge =
        transaction.prepareStatement(
            "MERGE INTO products KEY(name) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")) {
      for (ProductRow product : products.values()) {
        merge.setString(1, product.name());
        merge.setInt(2, product.position());
        merge.setLong(3, product.priceCents());
        merge.setLong(4, product.stocked());
        merge.setLong(5, product.onHand());
        merge.setLong(6, product.held());
        merge.setLong(7, product.sold());
        merge.setLong(8, product.version());
        merge.addBatch();
      }
      merge.executeBatch();
    }
  }

  private static void writeHolds(
      Connection transaction,
      Map<UUID, HoldRow> opened,
      Map<UUID, Boolean> ended,
      List<UUID> endedBefore)
      throws SQLException {
    try (PreparedStatement open =
            transaction.prepareStatement("INSERT INTO open_holds VALUES (?, ?, ?, ?, ?, ?)");
        PreparedStatement end =
            transaction.prepareStatement("INSERT INTO ended_holds VALUES (?, ?)");
        PreparedStatement close =
            transaction.prepareStatement("DELETE FROM open_holds WHERE hold_id = ?")) {
      for (HoldRow hold : opened.values()) {
        open.setObject(1, hold.holdId());
        open.setString(2, hold.name());
        open.setInt(3, hold.quantity());
        open.setLong(4, hold.unitPriceCents());
        open.setLong(5, hold.version());
        open.setLong(6, hold.heldAtMs());
        open.addBatch();
      }
      for (Map.Entry<UUID, Boolean> entry : ended.entrySet()) {
        end.setObject(1, entry.getKey());
        end.setBoolean(2, entry.getValue());
        end.addBatch();
      }
      for (UUID holdId : endedBefore) {
        close.setObject(1, holdId);
        close.addBatch();
      }
      open.executeBatch();
      end.executeBatch();
      close.executeBatch();
    }
  }

  private static void writeTime(Connection transaction, CatalogChange.Time time)
      throws SQLException {
    try (PreparedStatement merge =
        transaction.prepareStatement("MERGE INTO log_time KEY(id) VALUES (0, ?)")) {
      merge.setLong(1, time.nowMs());
      merge.executeUpdate();
    }
  }

  private static void forget(Connection transaction, UUID before) throws SQLException {
    try (PreparedStatement delete =
        transaction.prepareStatement("DELETE FROM ended_holds WHERE hold_id < ?")) {
      delete.setObject(1, before);
      delete.executeUpdate();
    }
  }

  /** All products, in listing order. */
  static List<ProductRow> products(Connection connection) throws SQLException {
    List<ProductRow> products = new ArrayList<>();
    try (PreparedStatement select =
            connection.prepareStatement(
                "SELECT name, position, price_cents, stocked, on_hand, held, sold, version"
                    + " FROM products ORDER BY position");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        products.add(
            new ProductRow(
                rows.getString(1),
                rows.getInt(2),
                rows.getLong(3),
                rows.getLong(4),
                rows.getLong(5),
                rows.getLong(6),
                rows.getLong(7),
                rows.getLong(8)));
      }
    }
    return products;
  }

  static Map<UUID, HoldRow> openHolds(Connection connection) throws SQLException {
    Map<UUID, HoldRow> holds = new LinkedHashMap<>();
    try (PreparedStatement select =
            connection.prepareStatement(
                "SELECT hold_id, name, quantity, unit_price_cents, version, held_at_ms"
                    + " FROM open_holds ORDER BY held_at_ms, hold_id");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        UUID holdId = rows.getObject(1, UUID.class);
        holds.put(
            holdId,
            new HoldRow(
                holdId,
                rows.getString(2),
                rows.getInt(3),
                rows.getLong(4),
                rows.getLong(5),
                rows.getLong(6)));
      }
    }
    return holds;
  }

  /** Whether the hold was settled (true) or released (false); null if it is not on record. */
  static @Nullable Boolean ended(Connection connection, UUID holdId) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT settled FROM ended_holds WHERE hold_id = ?")) {
      select.setObject(1, holdId);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? rows.getBoolean(1) : null;
      }
    }
  }

  static long time(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT now_ms FROM log_time");
        ResultSet rows = select.executeQuery()) {
      return rows.next() ? rows.getLong(1) : 0;
    }
  }
}
