package toystore.order.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import toystore.db.storage.Database;
import toystore.node.replica.NewIdFilter;

/**
 * Reads orders for any number of threads while the log applies entries. Each read looks at the
 * unwritten orders first and at H2 second: a row that moves into H2 meanwhile is then found twice,
 * and never missed.
 */
public final class OrderLookup {
  private final Database database;
  private final UnwrittenOrders unwritten;
  private final NewIdFilter orderIds;
  private final LongSupplier orders;

  /**
   * Creates a lookup.
   *
   * @param orderIds the filter that recognises order ids which are certainly not in the log
   * @param orders how many orders have been applied
   */
  OrderLookup(
      Database database, UnwrittenOrders unwritten, NewIdFilter orderIds, LongSupplier orders) {
    this.database = database;
    this.unwritten = unwritten;
    this.orderIds = orderIds;
    this.orders = orders;
  }

  @FunctionalInterface
  private interface Query {
    @Nullable OrderRow run(Connection connection) throws SQLException;
  }

  private record RowOrNull(@Nullable OrderRow row) {}

  private @Nullable OrderRow inFile(Query query) {
    return database.<RowOrNull>read(connection -> new RowOrNull(query.run(connection))).row();
  }

  public @Nullable OrderRow byNumber(long number) {
    OrderRow row = unwritten.byNumber(number);
    return row != null || number >= orders.getAsLong()
        ? row
        : inFile(connection -> OrderTables.byNumber(connection, number));
  }

  @Nullable OrderRow byOrderId(UUID orderId) {
    OrderRow row = unwritten.byOrderId(orderId);
    return row != null ? row : inFile(connection -> OrderTables.byOrderId(connection, orderId));
  }

  /**
   * Finds the order with this id for the thread that applies the log, on the connection that is
   * reserved for that thread.
   */
  @Nullable OrderRow byOrderIdForLog(UUID orderId) {
    OrderRow row = unwritten.byOrderId(orderId);
    return row != null || orderIds.isNew(orderId)
        ? row
        : database
            .<RowOrNull>readForLog(c -> new RowOrNull(OrderTables.byOrderId(c, orderId)))
            .row();
  }

  /**
   * Those of the given holds that orders name, for the thread that applies the log. There is no
   * index by hold id, so all orders are read, once for all of these holds.
   */
  Set<UUID> namedForLog(Set<UUID> holds) {
    if (holds.isEmpty()) {
      return holds;
    }
    Set<UUID> named = unwritten.naming(holds);
    named.addAll(database.readForLog(connection -> OrderTables.naming(connection, holds)));
    return named;
  }

  /** The orders after a number, at most {@code limit}, in ascending order and without gaps. */
  public List<OrderRow> after(long number, int limit) {
    List<OrderRow> newest = unwritten.after(number);
    List<OrderRow> rows =
        new ArrayList<>(database.read(connection -> OrderTables.after(connection, number, limit)));
    long last = rows.isEmpty() ? number : rows.getLast().number();
    for (OrderRow row : newest) {
      if (row.number() > last && rows.size() < limit) {
        rows.add(row);
      }
    }
    return rows;
  }

  /** The orders with these ids, by order id. */
  public Map<UUID, OrderRow> existing(List<UUID> wanted) {
    Map<UUID, OrderRow> found = new HashMap<>();
    List<UUID> perhapsInFile = new ArrayList<>();
    for (UUID orderId : wanted) {
      OrderRow row = unwritten.byOrderId(orderId);
      if (row != null) {
        found.put(orderId, row);
      } else if (!orderIds.isNew(orderId)) {
        perhapsInFile.add(orderId);
      }
    }
    return perhapsInFile.isEmpty() ? found : addFromFile(found, perhapsInFile);
  }

  private Map<UUID, OrderRow> addFromFile(Map<UUID, OrderRow> found, List<UUID> wanted) {
    return database.read(
        connection -> {
          for (UUID orderId : wanted) {
            OrderRow row = OrderTables.byOrderId(connection, orderId);
            if (row != null) {
              found.put(orderId, row);
            }
          }
          return found;
        });
  }
}
