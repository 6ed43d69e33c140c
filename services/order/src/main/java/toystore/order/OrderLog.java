package toystore.order;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.Database;
import toystore.db.storage.RunningHash;
import toystore.db.storage.WriteBehind;
import toystore.node.replica.NewIdFilter;
import toystore.protocol.message.Hold;

/**
 * The order log of one replica: orders by dense number, and the holds that no order may ever name.
 * Applied in memory, written behind.
 */
final class OrderLog implements ReplicatedState {
  /** The log as it is after one entry: so many orders, the last with this hash. */
  record Head(long orders, OrderRow.Hash hash) {}

  /** Obtains rows that this replica lacks from another one, a page at a time. */
  @FunctionalInterface
  interface MissedOrders {
    Missed fetch(String member, long afterNumber) throws IOException;
  }

  /**
   * Rows after a number, as another replica has them.
   *
   * @param position what that replica had applied when it was asked
   * @param complete these are the last rows up to that position; only then the time and the
   *     tombstones are those of the position
   */
  record Missed(
      LogPosition position,
      OrderRowChange.Time time,
      boolean complete,
      List<OrderRow> rows,
      List<OrderRowChange.Tombstoned> tombstones) {}

  /** Orders that were fetched from a member, by their first and last number. */
  record Fetched(String from, long first, long last) {}

  /** A start looks at no more rows than this; the scrub walks the others. */
  private static final int CHECKED_AT_START = 20_000;

  /** Order ids kept in memory: those of a second or two under full load. */
  private static final int RECENT_IDS = 16_384;

  private final Database database;
  private final WriteBehind<OrderRowChange> writer;
  private final MissedOrders missedOrders;
  private final UnwrittenOrders tail = new UnwrittenOrders();
  private final NewIdFilter orderIds;
  private final RunningHash hasher = new RunningHash();
  private final Book book = new Book();

  // Changed under this object's lock, by the applying thread and by an install.
  private final Map<UUID, OrderRowChange.Tombstoned> tombstones;
  private LogPosition applied;
  private long prunedBeforeMs;

  private volatile Head head;
  private volatile long logTimeMs;

  private final long ordersAtStart;
  private final List<Fetched> fetched = new CopyOnWriteArrayList<>();

  /**
   * Continues from the file.
   *
   * @throws DamagedFileException if rows are not as they were written
   */
  OrderLog(Database database, WriteBehind.Pace pace, MissedOrders missedOrders) {
    this.database = database;
    this.missedOrders = missedOrders;
    verify();
    this.orderIds = NewIdFilter.beyond(NewIdFilter.in(database, "orders", "order_id"), RECENT_IDS);
    this.tombstones = database.readForLog(OrderTables::tombstones);
    OrderRowChange.Time time = database.readForLog(OrderTables::time);
    this.logTimeMs = time.nowMs();
    this.prunedBeforeMs = time.prunedBeforeMs();
    this.head = headOf(database);
    this.ordersAtStart = head.orders();
    this.writer =
        new WriteBehind<>(
            database, OrderTables::write, pace, position -> tail.persisted(position.index()));
    this.applied = writer.persisted();
  }

  private static Head headOf(Database database) {
    return database.readForLog(
        connection -> {
          OrderRow last = OrderTables.last(connection);
          return last == null
              ? new Head(0, OrderRow.Hash.START)
              : new Head(last.number() + 1, last.hash());
        });
  }

  /** Checks the rows since the last start, and so many at most: the cost must not grow. */
  private void verify() {
    OrderTables.Verified reached =
        database.readForLog(
            connection ->
                OrderTables.verifyFrom(
                    connection,
                    OrderTables.startOfCheck(connection, CHECKED_AT_START),
                    Integer.MAX_VALUE,
                    OrderTables.PageCheck.NOTHING));
    database.write(transaction -> OrderTables.markVerified(transaction, reached)).join();
  }

  /**
   * Checks the next rows of a walk over all of them, with their index.
   *
   * @return how far the walk is; the same place where there is no row after it
   * @throws DamagedFileException naming the first row that is not as it was written
   */
  OrderTables.Verified scrub(OrderTables.Verified from, int rows) {
    return database.read(
        connection -> OrderTables.verifyFrom(connection, from, rows, OrderTables::verifyIndex));
  }

  /** How far the walk was when it was last noted. */
  OrderTables.Verified scrubbed() {
    return database.readForLog(OrderTables::scrubbed);
  }

  CompletableFuture<OrderTables.Verified> markScrubbed(OrderTables.Verified reached) {
    return database.write(transaction -> OrderTables.markScrubbed(transaction, reached));
  }

  @Override
  public synchronized LogPosition recovered() {
    return applied;
  }

  @Override
  public synchronized void skip(LogPosition position) {
    if (position.index() <= applied.index()) {
      return;
    }
    applied = position;
    writer.append(position, List.of());
  }

  @Override
  public boolean isCrowded() {
    return writer.isCrowded();
  }

  @Override
  public CompletableFuture<LogPosition> persist() {
    return writer.drain();
  }

  @Override
  public synchronized Object apply(LogPosition position, byte[] command) {
    if (position.index() <= applied.index()) {
      return List.of();
    }
    OrderLogCommand decoded = OrderLogCommand.decode(command);
    List<OrderRowChange> changes = new ArrayList<>();
    long before = logTimeMs;
    logTimeMs = Math.max(before, decoded.timeMs());
    Object result =
        switch (decoded) {
          case OrderLogCommand.Place place -> place(place, position, changes);
          case OrderLogCommand.Resolve resolve -> resolve(resolve, position, changes);
          case OrderLogCommand.Prune prune -> prune(prune, changes);
          case OrderLogCommand.Fence fence -> head.orders();
        };
    // Also where no row changed: rows to come carry this time, after a restart like without one.
    if (!changes.isEmpty() || logTimeMs != before) {
      changes.add(new OrderRowChange.Time(logTimeMs, prunedBeforeMs));
    }
    applied = position;
    writer.append(position, changes);
    return result;
  }

  private List<OrderLogCommand.Outcome> place(
      OrderLogCommand.Place place, LogPosition position, List<OrderRowChange> changes) {
    List<OrderLogCommand.Outcome> outcomes = new ArrayList<>(place.entries().size());
    for (OrderLogCommand.Entry entry : place.entries()) {
      outcomes.add(
          switch (OrderRules.decide(book, entry)) {
            case OrderRules.Repeats repeats -> new OrderLogCommand.Duplicate(repeats.row());
            case OrderRules.Refuse refuse -> new OrderLogCommand.Voided();
            case OrderRules.Append append -> {
              OrderRow row = number(entry, position);
              changes.add(new OrderRowChange.Placed(row));
              yield new OrderLogCommand.Numbered(row.number());
            }
          });
    }
    return outcomes;
  }

  private OrderRow number(OrderLogCommand.Entry entry, LogPosition position) {
    OrderRow row =
        OrderRow.next(hasher, head.orders(), head.hash(), entry, logTimeMs, position.index());
    tail.add(row);
    orderIds.add(row.orderId());
    head = new Head(row.number() + 1, row.hash());
    return row;
  }

  private Hold.Outcomes resolve(
      OrderLogCommand.Resolve resolve, LogPosition position, List<OrderRowChange> changes) {
    List<UUID> settled = new ArrayList<>();
    List<UUID> released = new ArrayList<>();
    Set<UUID> named = namedAmongUnknown(resolve.holds());
    for (Hold.Doubt doubt : resolve.holds()) {
      UUID holdId = doubt.holdId();
      UUID orderId = doubt.orderId();
      if (orderId == null ? named.contains(holdId) : OrderRules.settles(book, holdId, orderId)) {
        settled.add(holdId);
      } else {
        released.add(holdId);
        if (!book.tombstoned(holdId)) {
          changes.add(bury(holdId, position));
        }
      }
    }
    return new Hold.Outcomes(settled, released);
  }

  /**
   * Of holds that do not say for which order they were made: those that an order names. There is no
   * index by hold, so all orders are looked at, once for all of these holds.
   */
  private Set<UUID> namedAmongUnknown(List<Hold.Doubt> doubts) {
    Set<UUID> unknown =
        doubts.stream()
            .filter(doubt -> doubt.orderId() == null)
            .map(Hold.Doubt::holdId)
            .collect(Collectors.toSet());
    if (unknown.isEmpty()) {
      return unknown;
    }
    // The tail first: what moves into the file meanwhile is then found twice, not never.
    Set<UUID> named = tail.naming(unknown);
    named.addAll(database.readForLog(connection -> OrderTables.naming(connection, unknown)));
    return named;
  }

  private OrderRowChange.Tombstoned bury(UUID holdId, LogPosition position) {
    OrderRowChange.Tombstoned tombstone =
        new OrderRowChange.Tombstoned(holdId, logTimeMs, position.index());
    tombstones.put(holdId, tombstone);
    return tombstone;
  }

  private Long prune(OrderLogCommand.Prune prune, List<OrderRowChange> changes) {
    prunedBeforeMs = Math.max(prunedBeforeMs, prune.beforeMs());
    tombstones.values().removeIf(t -> t.timeMs() < prunedBeforeMs);
    changes.add(new OrderRowChange.Time(logTimeMs, prunedBeforeMs));
    return prunedBeforeMs;
  }

  /**
   * What the log knows now: the tail first, then the file, which few ids have to be looked up in.
   */
  private final class Book implements OrderRules.Book {
    private @Nullable OrderRow inFileForLog(Lookup lookup) {
      return database.<OneOrNone>readForLog(c -> new OneOrNone(lookup.in(c))).row();
    }

    @Override
    public @Nullable OrderRow byOrderId(UUID orderId) {
      OrderRow row = tail.byOrderId(orderId);
      return row != null || orderIds.isNew(orderId)
          ? row
          : inFileForLog(connection -> OrderTables.byOrderId(connection, orderId));
    }

    @Override
    public boolean tombstoned(UUID holdId) {
      return tombstones.containsKey(holdId);
    }

    @Override
    public long prunedBeforeMs() {
      return prunedBeforeMs;
    }
  }

  @FunctionalInterface
  private interface Lookup {
    @Nullable OrderRow in(Connection connection) throws SQLException;
  }

  private record OneOrNone(@Nullable OrderRow row) {}

  private @Nullable OrderRow inFile(Lookup lookup) {
    return database.<OneOrNone>read(connection -> new OneOrNone(lookup.in(connection))).row();
  }

  /**
   * Page by page, so that neither memory nor a repetition grows with what was missed: an install
   * that is cut short goes on after its last page.
   *
   * <p>Until the last page the position stays where it was, with rows ahead of it. That is a sound
   * state to apply entries to: an entry whose order is there already is a duplicate of that very
   * order, and all else that decides, the time and the tombstones, is as of the position.
   */
  @Override
  public LogPosition install(String member) throws IOException {
    try (PagePrefetcher pages = new PagePrefetcher(missedOrders, member)) {
      Missed page = pages.first(head.orders() - 1);
      while (true) {
        if (!page.complete()) {
          if (page.rows().isEmpty()) {
            throw new IOException(member + " gave no row though it has more");
          }
          pages.prefetch(page.rows().getLast().number());
        }
        LogPosition reached = take(member, page);
        if (page.complete()) {
          return reached;
        }
        page = pages.next();
      }
    }
  }

  /** Applying waits meanwhile: it must not give the numbers of these rows to others. */
  private synchronized LogPosition take(String member, Missed page) throws IOException {
    List<OrderRowChange> changes = new ArrayList<>(page.rows().size() + 1);
    Head after = head;
    for (OrderRow row : page.rows()) {
      // Committed entries went on being applied while the rows were fetched.
      if (row.number() >= after.orders()) {
        after = following(after, row);
        orderIds.add(row.orderId());
        changes.add(new OrderRowChange.Placed(row));
      }
    }
    LogPosition position = applied;
    OrderRowChange.Time time = new OrderRowChange.Time(logTimeMs, prunedBeforeMs);
    if (page.complete()) {
      time =
          new OrderRowChange.Time(
              Math.max(logTimeMs, page.time().nowMs()),
              Math.max(prunedBeforeMs, page.time().prunedBeforeMs()));
      position = page.position().index() > applied.index() ? page.position() : applied;
      changes.addAll(page.tombstones());
      changes.add(time);
    }
    LogPosition written = writer.install(position, changes).join();
    noteFetched(member, head.orders(), after.orders());
    head = after;
    if (page.complete()) {
      page.tombstones().forEach(t -> tombstones.putIfAbsent(t.holdId(), t));
      logTimeMs = time.nowMs();
      prunedBeforeMs = time.prunedBeforeMs();
      tombstones.values().removeIf(t -> t.timeMs() < prunedBeforeMs);
      applied = position;
    }
    return written;
  }

  private Head following(Head before, OrderRow row) throws IOException {
    if (row.number() != before.orders()
        || !row.hashAfter(hasher, before.hash()).equals(row.hash())) {
      throw new IOException("order " + row.number() + " does not continue this replica's log");
    }
    return new Head(row.number() + 1, row.hash());
  }

  private void noteFetched(String member, long from, long to) {
    if (to <= from) {
      return;
    }
    Fetched last = fetched.isEmpty() ? null : fetched.getLast();
    if (last != null && last.from().equals(member) && last.last() == from - 1) {
      fetched.set(fetched.size() - 1, new Fetched(member, last.first(), to - 1));
    } else {
      fetched.add(new Fetched(member, from, to - 1));
    }
  }

  /** What was fetched from other members since this process began, in order. */
  List<Fetched> fetched() {
    return List.copyOf(fetched);
  }

  /** How many orders the file held when it was opened. */
  long ordersAtStart() {
    return ordersAtStart;
  }

  /** What another replica needs to go on from after this number: a page of it. */
  Missed missedAfter(long number, int limit) {
    LogPosition position;
    OrderRowChange.Time time;
    long last;
    boolean complete;
    List<OrderRowChange.Tombstoned> buried;
    synchronized (this) {
      position = applied;
      time = new OrderRowChange.Time(logTimeMs, prunedBeforeMs);
      last = Math.max(number, Math.min(number + limit, head.orders() - 1));
      complete = last >= head.orders() - 1;
      buried = complete ? List.copyOf(tombstones.values()) : List.of();
    }
    // Without the lock, so that applying goes on: rows below the head never change.
    List<OrderRow> rows = last == number ? List.of() : after(number, (int) (last - number));
    return new Missed(position, time, complete, rows, buried);
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
        : inFile(connection -> OrderTables.byNumber(connection, number));
  }

  @Nullable OrderRow byOrderId(UUID orderId) {
    OrderRow row = tail.byOrderId(orderId);
    return row != null ? row : inFile(connection -> OrderTables.byOrderId(connection, orderId));
  }

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
  Map<UUID, OrderRow> existing(List<UUID> wanted) {
    Map<UUID, OrderRow> found = new HashMap<>();
    List<UUID> perhapsInFile = new ArrayList<>();
    for (UUID orderId : wanted) {
      OrderRow row = tail.byOrderId(orderId);
      if (row != null) {
        found.put(orderId, row);
      } else if (!orderIds.isNew(orderId)) {
        perhapsInFile.add(orderId);
      }
    }
    return perhapsInFile.isEmpty() ? found : withRows(found, perhapsInFile);
  }

  private Map<UUID, OrderRow> withRows(Map<UUID, OrderRow> found, List<UUID> wanted) {
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
