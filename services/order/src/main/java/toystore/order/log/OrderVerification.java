package toystore.order.log;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.Database;
import toystore.db.storage.RunningHash;

/**
 * Checks the rows of the order log against their running hash: the newest rows at each start, and
 * all rows in the steps of a {@link OrderLogScrub}. The table {@code verified} holds how far each
 * of the two got.
 */
public final class OrderVerification {
  /** Maximum number of rows that a start checks, so that its duration is bounded. */
  private static final int MAX_ROWS_AT_START = 20_000;

  private static final int PAGE_ROWS = 1_000;

  /** Ids of the rows of the table {@code verified}. */
  private static final int AT_START = 0;

  private static final int SCRUB = 1;

  private final Database database;

  OrderVerification(Database database) {
    this.database = database;
  }

  /**
   * Checks the rows that were added since the last start, but at most the newest 20,000.
   *
   * @throws DamagedFileException naming the first row that is missing or was changed
   */
  void verifyNewest() {
    LogPrefix reached =
        database.readForLog(
            connection ->
                verify(connection, start(connection, MAX_ROWS_AT_START), Integer.MAX_VALUE, false));
    database.write(transaction -> mark(transaction, AT_START, reached)).join();
  }

  /**
   * Checks the next rows of a scrub, including their entries in the index of order ids.
   *
   * @return how far the scrub is now; {@code from} if no rows follow it
   * @throws DamagedFileException naming the first row that is missing or was changed, or that the
   *     index does not contain
   */
  LogPrefix scrub(LogPrefix from, int rows) {
    return database.read(connection -> verify(connection, from, rows, true));
  }

  /** How far the scrub was when {@link #markScrubbed} was last called. */
  LogPrefix scrubbed() {
    return database.readForLog(connection -> marked(connection, SCRUB));
  }

  CompletableFuture<LogPrefix> markScrubbed(LogPrefix reached) {
    return database.write(transaction -> mark(transaction, SCRUB, reached));
  }

  /** The rows that the last start found to be correct. */
  static LogPrefix verifiedAtStart(Connection connection) throws SQLException {
    return marked(connection, AT_START);
  }

  private static LogPrefix marked(Connection connection, int id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT orders, hash FROM verified WHERE id = ?")) {
      select.setInt(1, id);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next()
            ? new LogPrefix(rows.getLong(1), new OrderRow.Hash(rows.getBytes(2)))
            : LogPrefix.EMPTY;
      }
    }
  }

  private static LogPrefix mark(Connection transaction, int id, LogPrefix verified)
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

  /**
   * Where a check starts that covers the rows since the last start, but at most {@code maxRows}.
   */
  static LogPrefix start(Connection connection, int maxRows) throws SQLException {
    LogPrefix verified = verifiedAtStart(connection);
    OrderRow last = OrderTables.last(connection);
    long end = last == null ? 0 : last.number() + 1;
    if (verified.orders() > end) {
      throw new DamagedFileException(
          "order " + (verified.orders() - 1) + " is missing; the last is " + (end - 1));
    }
    if (end - verified.orders() <= maxRows) {
      return verified;
    }
    OrderRow before = OrderTables.byNumber(connection, end - maxRows - 1);
    if (before == null) {
      throw new DamagedFileException("order " + (end - maxRows - 1) + " is missing");
    }
    return LogPrefix.upTo(before);
  }

  /**
   * Recomputes the hash of each row after a verified prefix.
   *
   * @param maxRows where to stop, rounded up to whole pages
   * @param withIndex whether to check the index of order ids as well
   * @return the prefix that is verified now
   */
  private static LogPrefix verify(
      Connection connection, LogPrefix from, int maxRows, boolean withIndex) throws SQLException {
    RunningHash hasher = new RunningHash();
    LogPrefix reached = from;
    while (reached.orders() - from.orders() < maxRows) {
      List<OrderRow> rows =
          OrderTables.after(connection, reached.orders() - 1, Math.min(PAGE_ROWS, maxRows));
      if (rows.isEmpty()) {
        return reached;
      }
      for (OrderRow row : rows) {
        verifyRow(hasher, reached, row);
        reached = LogPrefix.upTo(row);
      }
      if (withIndex) {
        verifyIndex(connection, rows);
      }
    }
    return reached;
  }

  private static void verifyRow(RunningHash hasher, LogPrefix before, OrderRow row) {
    if (row.number() != before.orders()) {
      throw new DamagedFileException(
          "order " + before.orders() + " is missing; the next is " + row.number());
    }
    if (!row.hashAfter(hasher, before.hash()).equals(row.hash())) {
      throw new DamagedFileException(
          "order " + row.number() + " does not match its running hash: the file is damaged");
    }
  }

  /**
   * Finds rows by their order ids. If the index lost an entry, a repeated purchase would be ordered
   * twice. One query serves a page: hundreds of small queries a second would keep the JIT compilers
   * of each process busy.
   *
   * @param rows at most 65,536, the maximum length of an array in H2
   */
  private static void verifyIndex(Connection connection, List<OrderRow> rows) throws SQLException {
    UUID[] ids = rows.stream().map(OrderRow::orderId).toArray(UUID[]::new);
    Set<OrderRow> found = new HashSet<>(OrderTables.byOrderIds(connection, ids));
    for (OrderRow row : rows) {
      if (!found.contains(row)) {
        throw new DamagedFileException(
            "the index of ids does not lead to order " + row.number() + ": the file is damaged");
      }
    }
  }
}
