package toystore.order.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.storage.Database;
import toystore.db.storage.RunningHash;
import toystore.node.replica.NewIdFilter;
import toystore.protocol.message.Hold;

/**
 * Applies the commands of the order log in memory and collects the changes of rows that they make.
 * The lock of {@link OrderLog} guards it, except for {@link #prefix}, {@link #logTimeMs} and {@link
 * #lookup}.
 */
final class OrderStateMachine implements OrderNumbering.LogView {
  /** Order ids that are kept in memory: those of a second or two under full load. */
  private static final int RECENT_IDS = 16_384;

  private final UnwrittenOrders unwritten = new UnwrittenOrders();
  private final NewIdFilter orderIds;
  private final OrderLookup lookup;
  private final RunningHash hasher = new RunningHash();
  private final Tombstones tombstones;

  private LogPosition applied;
  private volatile LogPrefix prefix;
  private volatile long logTimeMs;

  /** Continues from a file that contains the state after one entry. */
  OrderStateMachine(Database database, LogPosition applied) {
    this.applied = applied;
    this.orderIds = NewIdFilter.beyond(NewIdFilter.in(database, "orders", "order_id"), RECENT_IDS);
    OrderRowChange.Time time = database.readForLog(OrderTables::time);
    this.logTimeMs = time.nowMs();
    this.tombstones = new Tombstones(database, time.prunedBeforeMs());
    this.prefix =
        database.readForLog(
            connection -> {
              OrderRow last = OrderTables.last(connection);
              return last == null ? LogPrefix.EMPTY : LogPrefix.upTo(last);
            });
    this.lookup = new OrderLookup(database, unwritten, orderIds, () -> prefix.orders());
  }

  OrderLookup lookup() {
    return lookup;
  }

  LogPrefix prefix() {
    return prefix;
  }

  LogPosition applied() {
    return applied;
  }

  OrderRowChange.Time time() {
    return new OrderRowChange.Time(logTimeMs, tombstones.prunedBeforeMs());
  }

  long logTimeMs() {
    return logTimeMs;
  }

  Tombstones tombstones() {
    return tombstones;
  }

  /**
   * H2 has committed the changes up to a position. Called by the writer thread, without the lock.
   */
  void persisted(LogPosition position) {
    unwritten.persisted(position.index());
  }

  /** Moves the position over an entry that changes nothing. */
  void skip(LogPosition position) {
    applied = position;
  }

  /**
   * Applies a command.
   *
   * @param changes receives the changes of rows
   * @return the result as {@link OrderLogCommand} describes it
   */
  Object apply(LogPosition position, OrderLogCommand command, List<OrderRowChange> changes) {
    long before = logTimeMs;
    logTimeMs = Math.max(before, command.timeMs());
    Object result =
        switch (command) {
          case OrderLogCommand.Place place -> place(place, position, changes);
          case OrderLogCommand.Resolve resolve -> resolve(resolve, position, changes);
          case OrderLogCommand.Prune prune -> prune(prune, changes);
          case OrderLogCommand.Fence fence -> prefix.orders();
        };
    // The time is written even if no row changed: later rows carry it, and they must carry the same
    // time on a replica that restarted in between.
    if (!changes.isEmpty() || logTimeMs != before) {
      changes.add(time());
    }
    applied = position;
    return result;
  }

  private List<OrderLogCommand.Outcome> place(
      OrderLogCommand.Place place, LogPosition position, List<OrderRowChange> changes) {
    List<OrderLogCommand.Outcome> outcomes = new ArrayList<>(place.entries().size());
    for (OrderLogCommand.Entry entry : place.entries()) {
      outcomes.add(
          switch (OrderNumbering.decide(this, entry)) {
            case OrderNumbering.Repeat repeat -> new OrderLogCommand.Duplicate(repeat.row());
            case OrderNumbering.Refuse refuse -> new OrderLogCommand.Voided();
            case OrderNumbering.Append append -> {
              OrderRow row = append(entry, position);
              changes.add(new OrderRowChange.Placed(row));
              yield new OrderLogCommand.Numbered(row.number());
            }
          });
    }
    return outcomes;
  }

  private OrderRow append(OrderLogCommand.Entry entry, LogPosition position) {
    OrderRow row =
        OrderRow.next(hasher, prefix.orders(), prefix.hash(), entry, logTimeMs, position.index());
    unwritten.add(row);
    orderIds.add(row.orderId());
    prefix = LogPrefix.upTo(row);
    return row;
  }

  private Hold.Outcomes resolve(
      OrderLogCommand.Resolve resolve, LogPosition position, List<OrderRowChange> changes) {
    List<UUID> settled = new ArrayList<>();
    List<UUID> released = new ArrayList<>();
    Set<UUID> named = lookup.namedForLog(holdsWithoutOrderId(resolve.holds()));
    for (Hold.InDoubt doubt : resolve.holds()) {
      UUID holdId = doubt.holdId();
      UUID orderId = doubt.orderId();
      if (orderId == null
          ? named.contains(holdId)
          : OrderNumbering.settles(this, holdId, orderId)) {
        settled.add(holdId);
      } else {
        released.add(holdId);
        if (!isTombstoned(holdId)) {
          changes.add(tombstones.add(holdId, logTimeMs, position.index()));
        }
      }
    }
    return new Hold.Outcomes(settled, released);
  }

  private static Set<UUID> holdsWithoutOrderId(List<Hold.InDoubt> doubts) {
    return doubts.stream()
        .filter(doubt -> doubt.orderId() == null)
        .map(Hold.InDoubt::holdId)
        .collect(Collectors.toSet());
  }

  private Long prune(OrderLogCommand.Prune prune, List<OrderRowChange> changes) {
    tombstones.prune(prune.beforeMs());
    changes.add(time());
    return tombstones.prunedBeforeMs();
  }

  @Override
  public @Nullable OrderRow byOrderId(UUID orderId) {
    return lookup.byOrderIdForLog(orderId);
  }

  @Override
  public boolean isTombstoned(UUID holdId) {
    return tombstones.contains(holdId);
  }

  @Override
  public long prunedBeforeMs() {
    return tombstones.prunedBeforeMs();
  }

  /**
   * Checks that a page continues this log.
   *
   * @throws IOException if it does not
   */
  OrderPageInstall prepare(OrderPage page) throws IOException {
    List<OrderRowChange> changes = new ArrayList<>(page.rows().size() + 1);
    LogPrefix after = prefix;
    for (OrderRow row : page.rows()) {
      // The log went on applying entries while the rows were fetched, so some may be known.
      if (row.number() >= after.orders()) {
        if (!after.isContinuedBy(hasher, row)) {
          throw new IOException("order " + row.number() + " does not continue this replica's log");
        }
        after = LogPrefix.upTo(row);
        orderIds.add(row.orderId());
        changes.add(new OrderRowChange.Placed(row));
      }
    }
    LogPosition position = applied;
    if (page.complete()) {
      position = page.position().index() > applied.index() ? page.position() : applied;
      changes.addAll(page.tombstones());
      changes.add(
          new OrderRowChange.Time(
              Math.max(logTimeMs, page.time().nowMs()),
              Math.max(tombstones.prunedBeforeMs(), page.time().prunedBeforeMs())));
    }
    return new OrderPageInstall(page, after, position, changes);
  }

  /** Takes over a page whose changes are in H2. No entry was applied since {@link #prepare}. */
  void install(OrderPageInstall install) {
    OrderPage page = install.page();
    prefix = install.prefix();
    if (page.complete()) {
      tombstones.addAll(page.tombstones());
      tombstones.prune(page.time().prunedBeforeMs());
      logTimeMs = Math.max(logTimeMs, page.time().nowMs());
      applied = install.position();
    }
  }
}
