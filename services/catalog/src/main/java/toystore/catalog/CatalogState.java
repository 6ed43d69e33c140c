package toystore.catalog;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.LogPositionTable;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;
import toystore.node.replica.MissedStateFetcher;
import toystore.protocol.message.Hold;
import toystore.protocol.message.Stock;

/**
 * The products and holds of one catalog as its log determines them. Commands are applied in memory
 * and written to H2 later. This is the <em>applied</em> state; clients read the published state of
 * {@link toystore.cache.ChangePublisher}.
 */
final class CatalogState implements ReplicatedState {
  private static final System.Logger LOG = System.getLogger(CatalogState.class.getName());

  private final Database database;
  private final MissedStateFetcher<EndedHoldKey, CatalogPage> fetcher;
  private final WriteBehind<CatalogRowChange> writer;
  private final CatalogStateMachine state;

  /**
   * Continues from the file.
   *
   * @param otherCatalogs where to fetch missed state
   * @throws StorageException if the rows contradict each other
   */
  CatalogState(
      Database database,
      WriteBehind.FlushPolicy flushPolicy,
      MissedStateFetcher.Source<EndedHoldKey, CatalogPage> otherCatalogs) {
    this.database = database;
    this.fetcher = new MissedStateFetcher<>(otherCatalogs);
    this.writer = new WriteBehind<>(database, CatalogTables::write, flushPolicy, this::persisted);
    this.state = new CatalogStateMachine(database, writer.persisted());
  }

  private void persisted(LogPosition position) {
    state.endedHolds().persisted(position);
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
      return CatalogCommand.Result.EMPTY;
    }
    List<CatalogRowChange> changes = new ArrayList<>();
    CatalogCommand.Result result = state.apply(position, CatalogCommand.decode(command), changes);
    writer.append(position, changes);
    return result;
  }

  /**
   * Fetches missed ended holds page by page, so that neither side has to keep all of them in
   * memory. Until the last page this state stays as it was: it ignores ended holds that entries
   * after its own position ended.
   */
  @Override
  public LogPosition install(String leader) throws IOException {
    long[] installed = new long[1];
    LogPosition reached =
        fetcher.installAll(
            leader,
            EndedHoldKey.after(recoveredPosition().index()),
            page -> {
              installed[0] += page.ended().size();
              return installPage(page);
            });
    LOG.log(
        Level.INFO,
        "installed from {0} up to {1}, with {2} ended holds",
        leader,
        reached,
        installed[0]);
    return reached;
  }

  private LogPosition installPage(CatalogPage page) throws IOException {
    addToFilter(page.ended());
    database
        .write(
            transaction -> {
              EndedHoldTable.write(transaction, page.ended());
              return page.ended().size();
            })
        .join();
    CatalogRowChange.Replaced whole = page.whole();
    return whole == null ? recoveredPosition() : replace(page, whole);
  }

  private synchronized void addToFilter(List<EndedHold> ended) {
    state.endedHolds().addToFilter(ended);
  }

  private synchronized LogPosition replace(CatalogPage page, CatalogRowChange.Replaced whole)
      throws IOException {
    String mismatch = CatalogStateMachine.heldMismatch(whole.products(), whole.openHolds());
    if (mismatch != null) {
      throw new IOException("the state of the other catalog contradicts itself: " + mismatch);
    }
    // The log went on applying entries while the pages were fetched.
    if (page.position().index() <= state.applied().index()) {
      return writer.drain().join();
    }
    state.replace(page.position(), whole, page.time());
    return writer.install(page.position(), List.of(whole, page.time())).join();
  }

  /** A page for a catalog that has the ended holds up to a key. */
  CatalogPage missedAfter(EndedHoldKey key, int limit) {
    // The file is the state at exactly one position. The other catalog gets later entries through
    // the log.
    return database.readSnapshot(
        connection -> {
          LogPosition position = LogPositionTable.readApplied(connection);
          List<EndedHold> ended = EndedHoldTable.after(connection, key, position.index(), limit);
          return CatalogPage.at(
              position,
              CatalogTables.time(connection),
              ended.size() < limit
                  ? new CatalogRowChange.Replaced(
                      CatalogTables.products(connection),
                      List.copyOf(CatalogTables.openHolds(connection).values()))
                  : null,
              ended);
        });
  }

  /** All products in listing order. */
  synchronized List<ProductRow> products() {
    return state.products();
  }

  synchronized boolean isEmpty() {
    return state.products().isEmpty();
  }

  synchronized boolean anythingOutOfStock() {
    return state.products().stream().anyMatch(product -> product.onHand() == 0);
  }

  synchronized Stock.Report report() {
    return new Stock.Report(
        state.applied().index(), state.products().stream().map(ProductRow::stock).toList());
  }

  /** What this catalog held at a fence, or null if it was not applied yet or is no longer kept. */
  synchronized Stock.@Nullable Fenced fenced(long index) {
    return state.fences().at(index);
  }

  /**
   * Holds that have been open since before a time of the log, oldest first, at most {@code limit}.
   */
  synchronized List<Hold.InDoubt> doubtful(long beforeMs, int limit) {
    return state.openHolds().stream()
        .filter(hold -> hold.heldAtMs() < beforeMs)
        .sorted(Comparator.comparingLong(HoldRow::heldAtMs))
        .limit(limit)
        .map(HoldRow::inDoubt)
        .toList();
  }

  synchronized int openHolds() {
    return state.openHolds().size();
  }

  /** How many changes of rows have not been written to H2. */
  int pendingRows() {
    return writer.pending();
  }

  /** The latest time that a command of this log carries. */
  long logTimeMs() {
    return state.logTimeMs();
  }
}
