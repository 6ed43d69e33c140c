package toystore.catalog;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;
import toystore.db.storage.Database;
import toystore.db.storage.StorageException;
import toystore.protocol.message.Hold;

/**
 * Applies the commands of the catalog's log in memory and collects the changes of rows that they
 * make. The lock of {@link CatalogState} guards it, except for {@link #logTimeMs}.
 */
final class CatalogStateMachine {
  private final Map<String, ProductRow> products = new LinkedHashMap<>();
  private final Map<UUID, HoldRow> openHolds;
  private final EndedHolds endedHolds;
  private final StockFences fences = new StockFences();
  private LogPosition applied;
  private long prunedBeforeMs;
  private volatile long logTimeMs;

  /**
   * Continues from a file that contains the state after one entry.
   *
   * @throws StorageException if the rows contradict each other
   */
  CatalogStateMachine(Database database, LogPosition applied) {
    this.applied = applied;
    database.readForLog(CatalogTables::products).forEach(this::put);
    this.openHolds = database.readForLog(CatalogTables::openHolds);
    String mismatch = heldMismatch(products.values(), openHolds.values());
    if (mismatch != null) {
      throw new StorageException(mismatch + ": the file is damaged");
    }
    CatalogRowChange.Time time = database.readForLog(CatalogTables::time);
    this.logTimeMs = time.nowMs();
    this.prunedBeforeMs = time.prunedBeforeMs();
    this.endedHolds = new EndedHolds(database, applied);
  }

  private void put(ProductRow product) {
    products.put(product.name(), product);
  }

  /**
   * Compares the held quantity of each product with the sum of its open holds. That the numbers of
   * one product add up is checked by {@link ProductRow}.
   *
   * @return a description of the first difference, or null
   */
  static @Nullable String heldMismatch(
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

  LogPosition applied() {
    return applied;
  }

  long logTimeMs() {
    return logTimeMs;
  }

  EndedHolds endedHolds() {
    return endedHolds;
  }

  StockFences fences() {
    return fences;
  }

  /** All products in listing order. */
  List<ProductRow> products() {
    return products.values().stream()
        .sorted(Comparator.comparingInt(ProductRow::position))
        .toList();
  }

  Collection<HoldRow> openHolds() {
    return openHolds.values();
  }

  /** Moves the position over an entry that changes nothing. */
  void skip(LogPosition position) {
    applied = position;
  }

  /**
   * Applies a command.
   *
   * @param changes receives the changes of rows
   */
  CatalogCommand.Result apply(
      LogPosition position, CatalogCommand command, List<CatalogRowChange> changes) {
    logTimeMs = Math.max(logTimeMs, command.timeMs());
    CatalogCommand.Result result =
        switch (command) {
          case CatalogCommand.Import first -> importAll(first, changes);
          case CatalogCommand.Change change -> change(change, position, changes);
          case CatalogCommand.Restock restock -> restock(restock, changes);
          case CatalogCommand.Prune prune -> {
            prunedBeforeMs = Math.max(prunedBeforeMs, prune.beforeMs());
            yield CatalogCommand.Result.EMPTY;
          }
          case CatalogCommand.Fence fence -> {
            keepFence(position.index());
            yield CatalogCommand.Result.EMPTY;
          }
        };
    changes.add(time());
    applied = position;
    return result;
  }

  private CatalogRowChange.Time time() {
    return new CatalogRowChange.Time(logTimeMs, prunedBeforeMs);
  }

  private void keepFence(long index) {
    List<HoldRow> holds =
        openHolds.values().stream().sorted(Comparator.comparing(HoldRow::holdId)).toList();
    fences.keep(index, time(), products(), holds);
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
        put(product);
        visible.put(product.name(), product);
        changes.add(new CatalogRowChange.ProductChanged(product));
      }
    }
    return new CatalogCommand.Result(List.of(), visible);
  }

  private CatalogCommand.Result change(
      CatalogCommand.Change change, LogPosition position, List<CatalogRowChange> changes) {
    CommandInventory inventory =
        new CommandInventory(products, openHolds, endedHolds, prunedBeforeMs, position, changes);
    // Outcomes first: the same command can hold the stock that they release.
    change.outcomes().settled().forEach(holdId -> HoldRules.settle(inventory, holdId));
    change.outcomes().released().forEach(holdId -> HoldRules.release(inventory, holdId));
    List<Hold.Answer> answers = new ArrayList<>(change.holds().size());
    for (Hold hold : change.holds()) {
      answers.add(HoldRules.hold(inventory, hold, logTimeMs));
      inventory.publishBeforeAnswer(hold.name());
    }
    return new CatalogCommand.Result(answers, inventory.visible());
  }

  private CatalogCommand.Result restock(
      CatalogCommand.Restock restock, List<CatalogRowChange> changes) {
    Map<String, ProductRow> visible = new HashMap<>();
    for (ProductRow product : List.copyOf(products.values())) {
      if (product.onHand() == 0) {
        ProductRow full = product.restockTo(restock.wanted());
        put(full);
        visible.put(full.name(), full);
        changes.add(new CatalogRowChange.ProductChanged(full));
      }
    }
    return new CatalogCommand.Result(List.of(), visible);
  }

  /** Replaces products, open holds and times by those of another catalog. */
  void replace(LogPosition position, CatalogRowChange.Replaced whole, CatalogRowChange.Time time) {
    products.clear();
    whole.products().forEach(this::put);
    openHolds.clear();
    whole.openHolds().forEach(hold -> openHolds.put(hold.holdId(), hold));
    logTimeMs = time.nowMs();
    prunedBeforeMs = time.prunedBeforeMs();
    applied = position;
  }
}
