package toystore.catalog;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import toystore.api.Hold;
import toystore.api.Stock;
import toystore.db.replication.ReplicatedState;
import toystore.db.storage.Database;
import toystore.db.storage.LogPosition;
import toystore.db.storage.StorageException;
import toystore.db.storage.WriteBehind;

/**
 * The catalog's products and holds as the log made them. Products and open holds are all in memory;
 * of the ended ones only those that H2 does not have yet. This is the <em>applied</em> state:
 * clients are shown the published one ({@link toystore.cache.Publisher}).
 */
final class CatalogState implements ReplicatedState {
  private final Database database;
  private final WriteBehind<CatalogChange> writer;

  private final Map<String, ProductRow> products = new LinkedHashMap<>();
  private final Map<UUID, HoldRow> openHolds;
  private LogPosition applied;

  /** Ended holds that are not in H2 yet, with the index of the entry that ended them. */
  private final Map<UUID, Long> endedTail = new ConcurrentHashMap<>();

  private volatile long logTimeMs;

  CatalogState(Database database, WriteBehind.Pace pace) {
    this.database = database;
    database.read(CatalogTables::products).forEach(p -> products.put(p.name(), p));
    this.openHolds = database.read(CatalogTables::openHolds);
    requireHeldAddsUp();
    this.logTimeMs = database.read(CatalogTables::time);
    this.writer = new WriteBehind<>(database, CatalogTables::write, pace, this::persisted);
    this.applied = writer.persisted();
  }

  /** Each row adds up by itself ({@link ProductRow}); here rows are checked against each other. */
  private void requireHeldAddsUp() {
    Map<String, Long> held = new HashMap<>();
    openHolds.values().forEach(h -> held.merge(h.name(), (long) h.quantity(), Long::sum));
    products
        .values()
        .forEach(
            p -> {
              if (p.held() != held.getOrDefault(p.name(), 0L)) {
                throw new StorageException(
                    "'"
                        + p.name()
                        + "' has "
                        + p.held()
                        + " held, its open holds say "
                        + held.getOrDefault(p.name(), 0L)
                        + ": the file is damaged");
              }
            });
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
    applied = position;
    writer.append(position, List.of());
  }

  @Override
  public CompletableFuture<LogPosition> persist() {
    return writer.drain();
  }

  @Override
  public LogPosition install(String leader) throws IOException {
    throw new IOException("a catalog that lost part of its log is not rebuilt from another yet");
  }

  @Override
  public synchronized Object apply(LogPosition position, byte[] command) {
    CatalogCommand decoded = CatalogCommand.decode(command);
    logTimeMs = Math.max(logTimeMs, decoded.timeMs());
    List<CatalogChange> changes = new ArrayList<>();
    CatalogCommand.Result result =
        switch (decoded) {
          case CatalogCommand.Import first -> importAll(first, changes);
          case CatalogCommand.Change change -> change(change, position, changes);
          case CatalogCommand.Restock restock -> restock(restock, changes);
          case CatalogCommand.Prune prune -> {
            changes.add(new CatalogChange.Forgotten(firstIdAt(prune.beforeMs())));
            yield new CatalogCommand.Result(List.of(), Map.of());
          }
        };
    changes.add(new CatalogChange.Time(logTimeMs));
    applied = position;
    writer.append(position, changes);
    return result;
  }

  /** The smallest UUIDv7 of a millisecond. */
  private static UUID firstIdAt(long timeMs) {
    return new UUID(timeMs << 16, 0);
  }

  private CatalogCommand.Result importAll(
      CatalogCommand.Import first, List<CatalogChange> changes) {
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
        changes.add(new CatalogChange.ProductIs(product));
      }
    }
    return new CatalogCommand.Result(List.of(), visible);
  }

  private CatalogCommand.Result change(
      CatalogCommand.Change change, LogPosition position, List<CatalogChange> changes) {
    return database.read(
        connection -> {
          Shelf shelf = new Shelf(connection, position, changes);
          // Outcomes first: what they free can be held by the same command.
          change.outcomes().settled().forEach(holdId -> StockRules.settle(shelf, holdId));
          change.outcomes().released().forEach(holdId -> StockRules.release(shelf, holdId));
          List<Hold.Answer> answers = new ArrayList<>(change.holds().size());
          for (Hold hold : change.holds()) {
            answers.add(StockRules.hold(shelf, hold, logTimeMs));
            shelf.spokenOf(hold.name());
          }
          return new CatalogCommand.Result(answers, shelf.visible);
        });
  }

  private CatalogCommand.Result restock(
      CatalogCommand.Restock restock, List<CatalogChange> changes) {
    Map<String, ProductRow> visible = new HashMap<>();
    for (ProductRow product : List.copyOf(products.values())) {
      if (product.onHand() == 0) {
        ProductRow full = product.restockTo(restock.wanted());
        products.put(full.name(), full);
        visible.put(full.name(), full);
        changes.add(new CatalogChange.ProductIs(full));
      }
    }
    return new CatalogCommand.Result(List.of(), visible);
  }

  /** The state within one command. */
  private final class Shelf implements StockRules.Shelf {
    private final Connection connection;
    private final LogPosition position;
    private final List<CatalogChange> changes;
    private final Map<String, ProductRow> visible = new HashMap<>();

    Shelf(Connection connection, LogPosition position, List<CatalogChange> changes) {
      this.connection = connection;
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
      try {
        return endedTail.containsKey(holdId) || CatalogTables.ended(connection, holdId) != null;
      } catch (SQLException e) {
        throw new StorageException("the holds cannot be read", e);
      }
    }

    @Override
    public void put(ProductRow product, boolean isVisible) {
      products.put(product.name(), product);
      changes.add(new CatalogChange.ProductIs(product));
      if (isVisible) {
        visible.put(product.name(), product);
      }
    }

    @Override
    public void open(HoldRow hold) {
      openHolds.put(hold.holdId(), hold);
      changes.add(new CatalogChange.Opened(hold));
    }

    @Override
    public void end(UUID holdId, boolean settled) {
      openHolds.remove(holdId);
      endedTail.put(holdId, position.index());
      changes.add(new CatalogChange.Ended(holdId, settled));
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
  synchronized List<UUID> doubtful(long beforeMs, int limit) {
    return openHolds.values().stream()
        .filter(h -> h.heldAtMs() < beforeMs)
        .sorted(Comparator.comparingLong(HoldRow::heldAtMs))
        .limit(limit)
        .map(HoldRow::holdId)
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
