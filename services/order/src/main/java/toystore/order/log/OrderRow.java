package toystore.order.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.UUID;
import toystore.db.storage.RunningHash;
import toystore.protocol.api.Order;
import toystore.protocol.message.LoggedOrder;

/**
 * One row of the order log. It never changes.
 *
 * @param placedAtMs the log's time when the order was placed, in milliseconds since 1970
 * @param logIndex index of the log entry that placed the order
 * @param hash the running hash up to and including this row, {@link RunningHash#BYTES} bytes
 */
public record OrderRow(
    long number,
    UUID orderId,
    UUID holdId,
    String name,
    int quantity,
    long unitPriceCents,
    long productVersion,
    long placedAtMs,
    long logIndex,
    Hash hash) {

  /** A hash that is compared by value. */
  public record Hash(byte[] bytes) {
    static final Hash START = new Hash(RunningHash.initial());

    @Override
    public boolean equals(Object other) {
      return other instanceof Hash hash && Arrays.equals(bytes, hash.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return RunningHash.hex(bytes);
    }
  }

  static final String COLUMNS =
      "number, order_id, hold_id, name, quantity, unit_price_cents, product_version,"
          + " placed_at_ms, log_index, hash";

  /** Reads {@link #COLUMNS}. */
  static OrderRow read(ResultSet row) throws SQLException {
    return new OrderRow(
        row.getLong(1),
        row.getObject(2, UUID.class),
        row.getObject(3, UUID.class),
        row.getString(4),
        row.getInt(5),
        row.getLong(6),
        row.getLong(7),
        row.getLong(8),
        row.getLong(9),
        new Hash(row.getBytes(10)));
  }

  /**
   * The row that an entry becomes.
   *
   * @param before the hash of the row before it
   */
  static OrderRow next(
      RunningHash hasher,
      long number,
      Hash before,
      OrderLogCommand.Entry entry,
      long placedAtMs,
      long logIndex) {
    OrderRow unhashed =
        new OrderRow(
            number,
            entry.orderId(),
            entry.holdId(),
            entry.name(),
            entry.quantity(),
            entry.unitPriceCents(),
            entry.productVersion(),
            placedAtMs,
            logIndex,
            before);
    return unhashed.withHash(unhashed.hashAfter(hasher, before));
  }

  private OrderRow withHash(Hash newHash) {
    return new OrderRow(
        number,
        orderId,
        holdId,
        name,
        quantity,
        unitPriceCents,
        productVersion,
        placedAtMs,
        logIndex,
        newHash);
  }

  /**
   * The hash that this row must have.
   *
   * @param before the hash of the row before it
   */
  Hash hashAfter(RunningHash hasher, Hash before) {
    byte[] text = name.getBytes(UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 * 9 + 4 + text.length)
            .putLong(number)
            .putLong(orderId.getMostSignificantBits())
            .putLong(orderId.getLeastSignificantBits())
            .putLong(holdId.getMostSignificantBits())
            .putLong(holdId.getLeastSignificantBits())
            .putLong(unitPriceCents)
            .putLong(productVersion)
            .putLong(placedAtMs)
            .putLong(logIndex)
            .putInt(quantity)
            .put(text)
            .flip();
    return new Hash(hasher.next(before.bytes(), bytes));
  }

  /** Whether a purchase of this product and quantity asks for this order. */
  boolean matches(String wantedName, int wantedQuantity) {
    return name.equals(wantedName) && quantity == wantedQuantity;
  }

  public Order order() {
    return new Order(number, name, quantity);
  }

  public LoggedOrder logged() {
    return new LoggedOrder(
        number,
        orderId,
        holdId,
        name,
        quantity,
        unitPriceCents,
        productVersion,
        placedAtMs,
        logIndex,
        hash.toString());
  }
}
