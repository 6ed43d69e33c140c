package toystore.order.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.DamagedFileException;
import toystore.db.storage.Database;
import toystore.db.storage.WriteBehind;
import toystore.node.replica.MissedStateFetcher;

/**
 * The order log of one replica: consecutively numbered orders, and tombstones of holds that no
 * order may name. Entries are applied in memory and written to H2 later.
 */
public final class OrderLog implements ReplicatedState {
  private final WriteBehind<OrderRowChange> writer;
  private final OrderVerification verification;
  private final OrderStateMachine state;
  private final MissedStateFetcher<Long, OrderPage> fetcher;
  private final long ordersAtStart;
  private final FetchedOrders fetched = new FetchedOrders();

  /**
   * Checks the newest rows of the file and continues from them.
   *
   * @param otherReplicas where to fetch missed orders
   * @throws DamagedFileException if rows are not as they were written
   */
  public OrderLog(
      Database database,
      WriteBehind.FlushPolicy flushPolicy,
      MissedStateFetcher.Source<Long, OrderPage> otherReplicas) {
    this.verification = new OrderVerification(database);
    verification.verifyNewest();
    this.writer = new WriteBehind<>(database, OrderTables::write, flushPolicy, this::persisted);
    this.state = new OrderStateMachine(database, writer.persisted());
    this.ordersAtStart = state.prefix().orders();
    this.fetcher = new MissedStateFetcher<>(otherReplicas);
  }

  private void persisted(LogPosition position) {
    state.persisted(position);
  }

  @Override
  public synchronized LogPosition recoveredPosition() {
    return state.applied();
  }

  @Override
  public synchronized void skip(LogPosition position) {
    if (position.index() <= state.applied().index()) {
      return;
    }
    state.skip(position);
    writer.append(position, List.of());
  }

  @Override
  public boolean applyMayBlock() {
    return writer.isHalfFull();
  }

  @Override
  public CompletableFuture<LogPosition> persist() {
    return writer.drain();
  }

  @Override
  public synchronized Object apply(LogPosition position, byte[] command) {
    if (position.index() <= state.applied().index()) {
      return List.of();
    }
    List<OrderRowChange> changes = new ArrayList<>();
    Object result = state.apply(position, OrderLogCommand.decode(command), changes);
    writer.append(position, changes);
    return result;
  }

  /**
   * Fetches missed orders page by page, so that memory use does not grow with the number of missed
   * orders. An interrupted install continues after its last page.
   *
   * <p>Until the last page is installed, the state contains orders beyond its position. Its time,
   * tombstones and prune horizon are those at the position. Entries may still be applied to such a
   * state: an entry whose order is already present counts as a duplicate of that order.
   */
  @Override
  public LogPosition install(String member) throws IOException {
    return fetcher.installAll(
        member, state.prefix().orders() - 1, page -> installPage(member, page));
  }

  /** Holds the lock until the page is in H2: no entry may be given the numbers of these rows. */
  private synchronized LogPosition installPage(String member, OrderPage page) throws IOException {
    OrderPageInstall install = state.prepare(page);
    LogPosition written = writer.install(install.position(), install.changes()).join();
    fetched.add(member, state.prefix().orders(), install.prefix().orders());
    state.install(install);
    return written;
  }

  /** A page for a replica that has the orders up to and including a number. */
  OrderPage missedAfter(long number, int limit) {
    LogPosition position;
    OrderRowChange.Time time;
    long last;
    boolean complete;
    List<OrderRowChange.Tombstoned> tombstones;
    synchronized (this) {
      position = state.applied();
      time = state.time();
      long newest = state.prefix().orders() - 1;
      last = Math.max(number, Math.min(number + limit, newest));
      complete = last >= newest;
      tombstones = complete ? state.tombstones().all() : List.of();
    }
    // Without the lock, so that the log can apply entries: these rows never change.
    List<OrderRow> rows =
        last == number ? List.of() : lookup().after(number, (int) (last - number));
    return new OrderPage(position, time, complete, rows, tombstones);
  }

  public OrderLookup lookup() {
    return state.lookup();
  }

  public OrderVerification verification() {
    return verification;
  }

  /** All orders that have been applied. */
  public LogPrefix head() {
    return state.prefix();
  }

  /** The position of the last entry that was applied. */
  public synchronized LogPosition applied() {
    return state.applied();
  }

  /** The latest time that a command of this log carries. */
  long logTimeMs() {
    return state.logTimeMs();
  }

  synchronized int tombstones() {
    return state.tombstones().size();
  }

  /** How many changes of rows have not been written to H2. */
  public int pendingRows() {
    return writer.pending();
  }

  /** What was fetched from other members since this process started. */
  List<FetchedOrders.Range> fetched() {
    return fetched.ranges();
  }

  /** How many orders the file contained when it was opened. */
  long ordersAtStart() {
    return ordersAtStart;
  }
}
