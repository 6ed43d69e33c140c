package toystore.catalog;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import toystore.db.storage.Migrations;
import toystore.protocol.api.Uuids;

/** The SQL of the catalog's products, open holds and times. */
final class CatalogTables {
  static final Migrations MIGRATIONS =
      new Migrations(
          CatalogTables.class,
          List.of("V1__catalog.sql", "V2__group.sql", "V3__order_of_hold.sql"));

  private CatalogTables() {}

  /**
   * Writes the last state of each changed row. A product that changed several times since the last
   * transaction is written once, and a hold that was opened and ended is written only as ended.
   */
  static void write(Connection transaction, List<CatalogRowChange> changes) throws SQLException {
    Map<String, ProductRow> products = new LinkedHashMap<>();
    Map<UUID, HoldRow> opened = new LinkedHashMap<>();
    List<EndedHold> ended = new ArrayList<>();
    List<UUID> endedEarlier = new ArrayList<>();
    CatalogRowChange.Time time = null;
    for (CatalogRowChange change : changes) {
      switch (change) {
        case CatalogRowChange.ProductChanged changed ->
            products.put(changed.product().name(), changed.product());
        case CatalogRowChange.Opened open -> opened.put(open.hold().holdId(), open.hold());
        case CatalogRowChange.Ended end -> {
          ended.add(end.hold());
          if (opened.remove(end.hold().holdId()) == null) {
            endedEarlier.add(end.hold().holdId());
          }
        }
        case CatalogRowChange.Time latest -> time = latest;
        case CatalogRowChange.Replaced all -> {
          clear(transaction);
          products.clear();
          all.products().forEach(product -> products.put(product.name(), product));
          opened.clear();
          all.openHolds().forEach(hold -> opened.put(hold.holdId(), hold));
        }
      }
    }
    writeProducts(transaction, products);
    writeHolds(transaction, opened, endedEarlier);
    EndedHoldTable.write(transaction, ended);
    if (time != null) {
      writeTime(transaction, time);
    }
  }

  private static void clear(Connection transaction) throws SQLException {
    try (Statement statement = transaction.createStatement()) {
      statement.executeUpdate("DELETE FROM products");
      statement.executeUpdate("DELETE FROM open_holds");
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
      Connection transaction, Map<UUID, HoldRow> opened, List<UUID> endedEarlier)
      throws SQLException {
    try (PreparedStatement open =
            transaction.prepareStatement("INSERT INTO open_holds VALUES (?, ?, ?, ?, ?, ?, ?)");
        PreparedStatement close =
            transaction.prepareStatement("DELETE FROM open_holds WHERE hold_id = ?")) {
      for (HoldRow hold : opened.values()) {
        open.setObject(1, hold.holdId());
        open.setString(2, hold.name());
        open.setInt(3, hold.quantity());
        open.setLong(4, hold.unitPriceCents());
        open.setLong(5, hold.version());
        open.setLong(6, hold.heldAtMs());
        open.setObject(7, hold.orderId());
        open.addBatch();
      }
      for (UUID holdId : endedEarlier) {
        close.setObject(1, holdId);
        close.addBatch();
      }
      open.executeBatch();
      close.executeBatch();
    }
  }

  private static void writeTime(Connection transaction, CatalogRowChange.Time time)
      throws SQLException {
    try (PreparedStatement merge =
            transaction.prepareStatement("MERGE INTO log_time KEY(id) VALUES (0, ?, ?)");
        PreparedStatement prune =
            transaction.prepareStatement("DELETE FROM ended_holds WHERE hold_id < ?")) {
      merge.setLong(1, time.nowMs());
      merge.setLong(2, time.prunedBeforeMs());
      merge.executeUpdate();
      prune.setObject(1, Uuids.smallestAt(time.prunedBeforeMs()));
      prune.executeUpdate();
    }
  }

  /** All products in listing order. */
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
                "SELECT hold_id, name, quantity, unit_price_cents, version, held_at_ms, order_id"
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
                rows.getLong(6),
                rows.getObject(7, UUID.class)));
      }
    }
    return holds;
  }

  static CatalogRowChange.Time time(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT now_ms, pruned_before_ms FROM log_time");
        ResultSet rows = select.executeQuery()) {
      return rows.next()
          ? new CatalogRowChange.Time(rows.getLong(1), rows.getLong(2))
          : new CatalogRowChange.Time(0, 0);
    }
  }
}
