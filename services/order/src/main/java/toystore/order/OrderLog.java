package toystore.order;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import toystore.api.Hold;
import toystore.db.replication.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.LogPosition;
import toystore.db.storage.RunningHash;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;

/**
 * The order log of one replica: orders by dense number, and the holds that no order may ever name.
 * Applied in memory, written behind.
 */
final class OrderLog implements ReplicatedState {
  /** The log as it is after one entry: so many orders, the last with this hash. */
  record Head(long orders, OrderRow.Hash hash) {}

  /** Obtains rows that this replica lacks from another one. */
  @FunctionalInterface
  interface MissedOrders {
    Missed fetch(String leader, long afterNumber) throws IOException;
  }

  /** Rows after the last own one, and the tombstones, as of one position of the leader's log. */
  record Missed(
      LogPosition position,
      OrderChange.Time time,
      List<OrderRow> rows,
      List<OrderChange.Tombstoned> tombstones) {}

  private final Database database;
  private final WriteBehind<OrderChange> writer;
  private final MissedOrders missedOrders;
  private final OrderTail tail = new OrderTail();
  private final RunningHash hasher = new RunningHash();

  // Changed under this object's lock, by the applying thread and by an install.
  private final Map<UUID, OrderChange.Tombstoned> tombstones;
  private LogPosition applied;
  private long prunedBeforeMs;

  private volatile Head head;
  private volatile long logTimeMs;

  /**
   * Continues from the file.
   *
   * @throws StorageException if the rows since the last verified one are not as they were written
   */
  OrderLog(Database database, WriteBehind.Pace pace, MissedOrders missedOrders) {
    this.database = database;
    this.missedOrders = missedOrders;
    verify();
    this.tombstones = database.read(OrderTables::tombstones);
    OrderChange.Time time = database.read(OrderTables::time);
    this.logTimeMs = time.nowMs();
    this.prunedBeforeMs = time.prunedBeforeMs();
    this.head = headOf(database);
    this.writer =
        new WriteBehind<>(
            database, OrderTables::write, pace, position -> tail.persisted(position.index()));
    this.applied = writer.persisted();
  }

  private static Head headOf(Database database) {
    return database.read(
        connection -> {
          OrderRow last = OrderTables.last(connection);
          return last == null
              ? new Head(0, OrderRow.Hash.START)
              : new Head(last.number() + 1, last.hash());
        });
  }

  /** Checks the rows since the last check, so that the cost does not grow with the log. */
  private void verify() {
    OrderTables.Verified reached =
        database.read(
            connection -> OrderTables.verifyFrom(connection, OrderTables.verified(connection)));
    database.write(transaction -> OrderTables.markVerified(transaction, reached)).join();
  }

  @Override
  public synchronized LogPosition recovered() {
    return applied;
  }

  @Override
  public synchronized void skip(LogPosition position) {
    applied = position;
    writer.append(position, List.of());
  }

  @Override
  public CompletableFuture<LogPosition> persist() {
    return writer.drain();
  }

  @Override
  public synchronized Object apply(LogPosition position, byte[] command) {
    OrderCommand decoded = OrderCommand.decode(command);
    List<OrderChange> changes = new ArrayList<>();
    long before = logTimeMs;
    logTimeMs = Math.max(before, decoded.timeMs());
    Object result =
        switch (decoded) {
          case OrderCommand.Place place -> place(place, position, changes);
          case OrderCommand.Resolve resolve -> resolve(resolve, position, changes);
          case OrderCommand.Prune prune -> prune(prune, changes);
          case OrderCommand.Fence fence -> head.orders();
        };
    // Also where no row changed: rows to come carry this time, after a restart like without one.
    if (!changes.isEmpty() || logTimeMs != before) {
      changes.add(new OrderChange.Time(logTimeMs, prunedBeforeMs));
    }
    applied = position;
    writer.append(position, changes);
    return result;
  }

  private List<OrderCommand.Outcome> place(
      OrderCommand.Place place, LogPosition position, List<OrderChange> changes) {
    // One connection for the batch; most lookups end in the index without a row.
    return database.read(
        connection -> {
          Book book = new Book(connection);
          List<OrderCommand.Outcome> outcomes = new ArrayList<>(place.entries().size());
          for (OrderCommand.Entry entry : place.entries()) {
            outcomes.add(
                switch (OrderRules.decide(book, entry)) {
                  case OrderRules.Repeats repeats -> new OrderCommand.Duplicate(repeats.row());
                  case OrderRules.Refuse refuse -> new OrderCommand.Voided();
                  case OrderRules.Append append -> {
                    OrderRow row = number(entry, position);
                    changes.add(new OrderChange.Placed(row));
                    yield new OrderCommand.Numbered(row.number());
                  }
                });
          }
          return outcomes;
        });
  }

  private OrderRow number(OrderCommand.Entry entry, LogPosition position) {
    OrderRow row =
        OrderRow.next(hasher, head.orders(), head.hash(), entry, logTimeMs, position.index());
    tail.add(row);
    head = new Head(row.number() + 1, row.hash());
    return row;
  }

  private Hold.Outcomes resolve(
      OrderCommand.Resolve resolve, LogPosition position, List<OrderChange> changes) {
    return database.read(
        connection -> {
          Book book = new Book(connection);
          List<UUID> settled = new ArrayList<>();
          List<UUID> released = new ArrayList<>();
          for (UUID holdId : resolve.holds()) {
            if (OrderRules.settles(book, holdId)) {
              settled.add(holdId);
            } else {
              released.add(holdId);
              if (!book.tombstoned(holdId)) {
                changes.add(bury(holdId, position));
              }
            }
          }
          return new Hold.Outcomes(settled, released);
        });
  }

  private OrderChange.Tombstoned bury(UUID holdId, LogPosition position) {
    OrderChange.Tombstoned tombstone =
        new OrderChange.Tombstoned(holdId, logTimeMs, position.index());
    tombstones.put(holdId, tombstone);
    return tombstone;
  }

  private Long prune(OrderCommand.Prune prune, List<OrderChange> changes) {
    prunedBeforeMs = Math.max(prunedBeforeMs, prune.beforeMs());
    tombstones.values().removeIf(t -> t.timeMs() < prunedBeforeMs);
    changes.add(new OrderChange.Time(logTimeMs, prunedBeforeMs));
    return prunedBeforeMs;
  }

  /** What the log knows now: the tail first, then the file. */
  private final class Book implements OrderRules.Book {
    private final Connection connection;

    Book(Connection connection) {
      this.connection = connection;
    }

    @Override
    public @Nullable OrderRow byOrderId(UUID orderId) {
      OrderRow row = tail.byOrderId(orderId);
      return row != null ? row : lookUp(() -> OrderTables.byOrderId(connection, orderId));
    }

    @Override
    public boolean namesHold(UUID holdId) {
      return tail.byHold(holdId) != null
          || lookUp(() -> OrderTables.byHold(connection, holdId)) != null;
    }

    @Override
    public boolean tombstoned(UUID holdId) {
      return tombstones.containsKey(holdId);
    }

    @Override
    public long prunedBeforeMs() {
      return prunedBeforeMs;
    }

    private @Nullable OrderRow lookUp(RowQuery query) {
      try {
        return query.run();
      } catch (SQLException e) {
        throw new StorageException("the order log cannot be read", e);
      }
    }
  }

  @FunctionalInterface
  private interface RowQuery {
    @Nullable OrderRow run() throws SQLException;
  }

  @Override
  public LogPosition install(String leader) throws IOException {
    Missed missed = missedOrders.fetch(leader, head.orders() - 1);
    synchronized (this) {
      List<OrderChange> changes = new ArrayList<>();
      for (OrderRow row : missed.rows()) {
        // Committed entries went on being applied while the rows were fetched.
        if (row.number() >= head.orders()) {
          append(row);
          changes.add(new OrderChange.Placed(row));
        }
      }
      for (OrderChange.Tombstoned tombstone : missed.tombstones()) {
        if (tombstones.putIfAbsent(tombstone.holdId(), tombstone) == null) {
          changes.add(tombstone);
        }
      }
      logTimeMs = Math.max(logTimeMs, missed.time().nowMs());
      prunedBeforeMs = Math.max(prunedBeforeMs, missed.time().prunedBeforeMs());
      tombstones.values().removeIf(t -> t.timeMs() < prunedBeforeMs);
      changes.add(new OrderChange.Time(logTimeMs, prunedBeforeMs));
      applied = missed.position().index() > applied.index() ? missed.position() : applied;
      return writer.install(applied, changes).join();
    }
  }

  private void append(OrderRow row) throws IOException {
    if (row.number() != head.orders() || !row.hashAfter(hasher, head.hash()).equals(row.hash())) {
      throw new IOException("order " + row.number() + " does not continue this replica's log");
    }
    tail.add(row);
    head = new Head(row.number() + 1, row.hash());
  }

  /** All that another replica needs to go on from after this number, as of one position. */
  synchronized Missed missedAfter(long number, int limit) {
    return new Missed(
        applied,
        new OrderChange.Time(logTimeMs, prunedBeforeMs),
        after(number, limit),
        List.copyOf(tombstones.values()));
  }

  Head head() {
    return head;
  }

  /** The latest time that any command of this log carries. */
  long logTimeMs() {
    return logTimeMs;
  }

  synchronized int tombstones() {
    return tombstones.size();
  }

  int pendingRows() {
    return writer.pending();
  }

  /** The position of the last entry applied here. */
  synchronized LogPosition applied() {
    return applied;
  }

  @Nullable OrderRow byNumber(long number) {
    OrderRow row = tail.byNumber(number);
    return row != null || number >= head.orders()
        ? row
        : database.<OneOrNone>read(c -> new OneOrNone(OrderTables.byNumber(c, number))).row();
  }

  @Nullable OrderRow byOrderId(UUID orderId) {
    OrderRow row = tail.byOrderId(orderId);
    return row != null
        ? row
        : database.<OneOrNone>read(c -> new OneOrNone(OrderTables.byOrderId(c, orderId))).row();
  }

  private record OneOrNone(@Nullable OrderRow row) {}

  /** Rows whose number is above this, at most so many, by rising number and without gaps. */
  List<OrderRow> after(long number, int limit) {
    // The tail first: what moves into the file meanwhile is then found twice, not never.
    List<OrderRow> unwritten = tail.after(number);
    List<OrderRow> rows =
        new ArrayList<>(database.read(connection -> OrderTables.after(connection, number, limit)));
    long last = rows.isEmpty() ? number : rows.getLast().number();
    for (OrderRow row : unwritten) {
      if (row.number() > last && rows.size() < limit) {
        rows.add(row);
      }
    }
    return rows;
  }

  /** Which of these order ids the log holds already. */
  Map<UUID, OrderRow> existing(List<UUID> orderIds) {
    return database.read(
        connection -> {
          Map<UUID, OrderRow> found = new HashMap<>();
          Book book = new Book(connection);
          for (UUID orderId : orderIds) {
            OrderRow row = book.byOrderId(orderId);
            if (row != null) {
              found.put(orderId, row);
            }
          }
          return found;
        });
  }
}
