package toystore.catalog;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.log.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.RunningHash;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;
import toystore.node.replica.NewIdFilter;
import toystore.protocol.codec.Json;
import toystore.protocol.message.Hold;
import toystore.protocol.message.Stock;

/**
 * The catalog's products and holds as the log made them. Products and open holds are all in memory;
 * of the ended ones only those that H2 does not have yet. This is the <em>applied</em> state:
 * clients are shown the published one ({@link toystore.cache.ChangePublisher}).
 */
final class CatalogState implements ReplicatedState {
  private static final System.Logger LOG = System.getLogger(CatalogState.class.getName());

  /** Ended holds whose ids are kept in memory: those of some seconds under full load. */
  private static final int RECENT_IDS = 16_384;

  /** How many fences are kept: a comparison is over in seconds. */
  private static final int MAX_FENCES = 16;

  /** Obtains what this catalog lacks from another one, piece by piece. */
  @FunctionalInterface
  interface MissedState {
    Missed fetch(String leader, EndedHoldKey after) throws IOException;
  }

  /**
   * Holds that ended after a place, as of one position of another catalog's log.
   *
   * @param whole products and open holds as of the same position, with the last of the ended holds;
   *     null: there are more
   */
  record Missed(
      LogPosition position,
      CatalogRowChange.Time time,
      CatalogRowChange.@Nullable Replaced whole,
      List<EndedHold> ended) {
    Missed {
      ended = List.copyOf(ended);
    }
  }

  private final Database database;
  private final MissedState missedState;
  private final WriteBehind<CatalogRowChange> writer;

  private final Map<String, ProductRow> products = new LinkedHashMap<>();
  private final Map<UUID, HoldRow> openHolds;
  private LogPosition applied;

  /** Ended holds that are not in H2 yet, with the index of the entry that ended them. */
  private final Map<UUID, Long> endedTail = new ConcurrentHashMap<>();

  private final NewIdFilter endedIds;

  private final Map<Long, Stock.Fenced> fences = new LinkedHashMap<>();
  private long prunedBeforeMs;
  private volatile long logTimeMs;

  /**
   * Continues from the file.
   *
   * @throws StorageException if its rows do not add up
   */
  CatalogState(Database database, WriteBehind.Pace pace, MissedState missedState) {
    this.database = database;
    this.missedState = missedState;
    database.readForLog(CatalogTables::products).forEach(p -> products.put(p.name(), p));
    this.openHolds = database.readForLog(CatalogTables::openHolds);
    String mismatch = heldMismatch(products.values(), openHolds.values());
    if (mismatch != null) {
      throw new StorageException(mismatch + ": the file is damaged");
    }
    CatalogRowChange.Time time = database.readForLog(CatalogTables::time);
    this.logTimeMs = time.nowMs();
    this.prunedBeforeMs = time.prunedBeforeMs();
    this.writer = new WriteBehind<>(database, CatalogTables::write, pace, this::persisted);
    this.applied = writer.persisted();
    database.write(t -> CatalogTables.dropEndedAfter(t, applied.index())).join();
    this.endedIds =
        NewIdFilter.beyond(NewIdFilter.in(database, "ended_holds", "hold_id"), RECENT_IDS);
  }

  /** Each row adds up by itself ({@link ProductRow}); here rows are checked against each other. */
  private static @Nullable String heldMismatch(
      Collection<ProductRow> products, Collection<HoldRow> openHolds) {
    Map<String, Long> held = new HashMap<>();
    openHolds.forEach(h -> held.merge(h.name(), (long) h.quantity(), Long::sum));
    return products.stream()
        .filter(p -> p.held() != held.getOrDefault(p.name(), 0L))
        .findFirst()
        .map(
            p ->
                "'"
                    + p.name()
                    + "' has "
                    + p.held()
                    + " held, its open holds say "
                    + held.getOrDefault(p.name(), 0L))
        .orElse(null);
  }

  private void persisted(LogPosition position) {
    endedTail.values().removeIf(index -> index <= position.index());
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

  /**
   * Ended holds come in pieces and are written piece by piece, so that neither side has to hold
   * them all. Until the last piece this state is what it was: it does not look at holds that
   * entries end which it has not applied.
   */
  @Override
  public LogPosition install(String leader) throws IOException {
    EndedHoldKey place = EndedHoldKey.after(recovered().index());
    long brought = 0;
    while (true) {
      Missed missed = missedState.fetch(leader, place);
      note(missed.ended());
      database
          .write(
              transaction -> {
                CatalogTables.writeEnded(transaction, missed.ended());
                return missed.ended().size();
              })
          .join();
      brought += missed.ended().size();
      CatalogRowChange.Replaced whole = missed.whole();
      if (whole != null) {
        LogPosition reached = replace(missed.position(), missed.time(), whole);
        LOG.log(
            Level.INFO,
            "installed from {0} up to {1}, with {2} ended holds",
            leader,
            reached,
            brought);
        return reached;
      }
      if (missed.ended().isEmpty()) {
        throw new IOException(leader + " has more, but sends nothing");
      }
      place = EndedHoldKey.of(missed.ended().getLast());
    }
  }

  /** Before they are in the file: from then on only the file knows which entry ended them. */
  private synchronized void note(List<EndedHold> ended) {
    ended.forEach(hold -> endedIds.add(hold.holdId()));
  }

  private synchronized LogPosition replace(
      LogPosition position, CatalogRowChange.Time time, CatalogRowChange.Replaced whole)
      throws IOException {
    String mismatch = heldMismatch(whole.products(), whole.openHolds());
    if (mismatch != null) {
      throw new IOException("what another catalog sent does not add up: " + mismatch);
    }
    // Committed entries went on being applied while the rows were fetched.
    if (position.index() <= applied.index()) {
      return writer.drain().join();
    }
    products.clear();
    whole.products().forEach(p -> products.put(p.name(), p));
    openHolds.clear();
    whole.openHolds().forEach(h -> openHolds.put(h.holdId(), h));
    logTimeMs = time.nowMs();
    prunedBeforeMs = time.prunedBeforeMs();
    applied = position;
    return writer.install(position, List.of(whole, time)).join();
  }

  /** What another catalog needs that has everything up to a place; the last piece is not full. */
  Missed missedAfter(EndedHoldKey place, int limit) {
    // The file is as of exactly one position. What was applied since comes with the log.
    return database.readSnapshot(
        connection -> {
          LogPosition position = WriteBehind.readPosition(connection);
          List<EndedHold> ended =
              CatalogTables.endedAfter(connection, place, position.index(), limit);
          return new Missed(
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

  @Override
  public synchronized Object apply(LogPosition position, byte[] command) {
    if (position.index() <= applied.index()) {
      return NOTHING;
    }
    CatalogCommand decoded = CatalogCommand.decode(command);
    logTimeMs = Math.max(logTimeMs, decoded.timeMs());
    List<CatalogRowChange> changes = new ArrayList<>();
    CatalogCommand.Result result =
        switch (decoded) {
          case CatalogCommand.Import first -> importAll(first, changes);
          case CatalogCommand.Change change -> change(change, position, changes);
          case CatalogCommand.Restock restock -> restock(restock, changes);
          case CatalogCommand.Prune prune -> {
            prunedBeforeMs = Math.max(prunedBeforeMs, prune.beforeMs());
            yield NOTHING;
          }
          case CatalogCommand.Fence fence -> {
            keepFence(position.index());
            yield NOTHING;
          }
        };
    changes.add(new CatalogRowChange.Time(logTimeMs, prunedBeforeMs));
    applied = position;
    writer.append(position, changes);
    return result;
  }

  private static final CatalogCommand.Result NOTHING =
      new CatalogCommand.Result(List.of(), Map.of());

  /** All that is in memory, for the hash of a fence. */
  private record Everything(
      long nowMs, long prunedBeforeMs, List<ProductRow> products, List<HoldRow> openHolds) {}

  private void keepFence(long index) {
    List<HoldRow> holds =
        openHolds.values().stream().sorted(Comparator.comparing(HoldRow::holdId)).toList();
    byte[] bytes = Json.toCbor(new Everything(logTimeMs, prunedBeforeMs, products(), holds));
    byte[] hash = new RunningHash().next(RunningHash.start(), ByteBuffer.wrap(bytes));
    fences.put(
        index,
        new Stock.Fenced(
            index,
            products().stream().map(ProductRow::stock).toList(),
            holds.size(),
            RunningHash.hex(hash)));
    if (fences.size() > MAX_FENCES) {
      fences.remove(fences.keySet().iterator().next());
    }
  }

  /** What this catalog held at a fence, or null if it has not applied it, or forgotten. */
  synchronized Stock.@Nullable Fenced fenced(long index) {
    return fences.get(index);
  }

  private CatalogCommand.Result importAll(
      CatalogCommand.Import first, List<CatalogRowChange> changes) {
    Map<String, ProductRow> visible = new HashMap<>();
    if (products.isEmpty()) {
      for (CatalogCommand.Line line : first.lines()) {
        ProductRow product =
            new ProductRow(
                line.name(),
                products.size(),
                line.priceCents(),
                line.quantity(),
                line.quantity(),
                0,
                0,
                1);
        products.put(product.name(), product);
        visible.put(product.name(), product);
        changes.add(new CatalogRowChange.ProductIs(product));
      }
    }
    return new CatalogCommand.Result(List.of(), visible);
  }

  private CatalogCommand.Result change(
      CatalogCommand.Change change, LogPosition position, List<CatalogRowChange> changes) {
    Shelf shelf = new Shelf(position, changes);
    // Outcomes first: what they free can be held by the same command.
    change.outcomes().settled().forEach(holdId -> StockRules.settle(shelf, holdId));
    change.outcomes().released().forEach(holdId -> StockRules.release(shelf, holdId));
    List<Hold.Answer> answers = new ArrayList<>(change.holds().size());
    for (Hold hold : change.holds()) {
      answers.add(StockRules.hold(shelf, hold, logTimeMs));
      shelf.spokenOf(hold.name());
    }
    return new CatalogCommand.Result(answers, shelf.visible);
  }

  private CatalogCommand.Result restock(
      CatalogCommand.Restock restock, List<CatalogRowChange> changes) {
    Map<String, ProductRow> visible = new HashMap<>();
    for (ProductRow product : List.copyOf(products.values())) {
      if (product.onHand() == 0) {
        ProductRow full = product.restockTo(restock.wanted());
        products.put(full.name(), full);
        visible.put(full.name(), full);
        changes.add(new CatalogRowChange.ProductIs(full));
      }
    }
    return new CatalogCommand.Result(List.of(), visible);
  }

  /** The state within one command. */
  private final class Shelf implements StockRules.Shelf {
    private final LogPosition position;
    private final List<CatalogRowChange> changes;
    private final Map<String, ProductRow> visible = new HashMap<>();

    Shelf(LogPosition position, List<CatalogRowChange> changes) {
      this.position = position;
      this.changes = changes;
    }

    @Override
    public @Nullable ProductRow product(String name) {
      return products.get(name);
    }

    /**
     * An answer tells of this product as it is now: not before readers see it like that. Also where
     * nothing changed: whoever asked for the same hold before may have given up before its change
     * was shown, and "3 left" may tell of another one's.
     */
    void spokenOf(String name) {
      ProductRow product = products.get(name);
      if (product != null) {
        visible.put(name, product);
      }
    }

    @Override
    public @Nullable HoldRow openHold(UUID holdId) {
      return openHolds.get(holdId);
    }

    @Override
    public boolean ended(UUID holdId) {
      if (endedTail.containsKey(holdId)) {
        return true;
      }
      if (endedIds.isNew(holdId)) {
        return false;
      }
      return database.readForLog(
          connection -> {
            // An install may have brought it from beyond this entry.
            EndedHold ended = CatalogTables.ended(connection, holdId);
            return ended != null && ended.logIndex() < position.index();
          });
    }

    @Override
    public long prunedBeforeMs() {
      return prunedBeforeMs;
    }

    @Override
    public void put(ProductRow product, boolean isVisible) {
      products.put(product.name(), product);
      changes.add(new CatalogRowChange.ProductIs(product));
      if (isVisible) {
        visible.put(product.name(), product);
      }
    }

    @Override
    public void open(HoldRow hold) {
      openHolds.put(hold.holdId(), hold);
      changes.add(new CatalogRowChange.Opened(hold));
    }

    @Override
    public void end(UUID holdId, boolean settled) {
      openHolds.remove(holdId);
      endedTail.put(holdId, position.index());
      endedIds.add(holdId);
      changes.add(new CatalogRowChange.Ended(new EndedHold(holdId, settled, position.index())));
    }
  }

  /** All products by name, in listing order, as applied. */
  synchronized List<ProductRow> products() {
    return products.values().stream()
        .sorted(Comparator.comparingInt(ProductRow::position))
        .toList();
  }

  synchronized boolean isEmpty() {
    return products.isEmpty();
  }

  synchronized boolean anythingOutOfStock() {
    return products.values().stream().anyMatch(p -> p.onHand() == 0);
  }

  synchronized Stock.Report report() {
    return new Stock.Report(applied.index(), products().stream().map(ProductRow::stock).toList());
  }

  /** Holds that have been open since before a time of the log, oldest first, at most so many. */
  synchronized List<Hold.Doubt> doubtful(long beforeMs, int limit) {
    return openHolds.values().stream()
        .filter(h -> h.heldAtMs() < beforeMs)
        .sorted(Comparator.comparingLong(HoldRow::heldAtMs))
        .limit(limit)
        .map(HoldRow::doubt)
        .toList();
  }

  synchronized int openHolds() {
    return openHolds.size();
  }

  int pendingRows() {
    return writer.pending();
  }

  /** The latest time that any command of this log carries. */
  long logTimeMs() {
    return logTimeMs;
  }
}
