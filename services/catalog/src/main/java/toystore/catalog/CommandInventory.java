package toystore.catalog;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.db.log.LogPosition;

/** Products and holds while one command is applied; collects what the command changes. */
final class CommandInventory implements HoldRules.Inventory {
  private final Map<String, ProductRow> products;
  private final Map<UUID, HoldRow> openHolds;
  private final EndedHolds endedHolds;
  private final long prunedBeforeMs;
  private final LogPosition position;
  private final List<CatalogRowChange> changes;
  private final Map<String, ProductRow> visible = new HashMap<>();

  /**
   * Creates the view of one command.
   *
   * @param position the position of the command's entry
   * @param changes receives the changes of rows
   */
  CommandInventory(
      Map<String, ProductRow> products,
      Map<UUID, HoldRow> openHolds,
      EndedHolds endedHolds,
      long prunedBeforeMs,
      LogPosition position,
      List<CatalogRowChange> changes) {
    this.products = products;
    this.openHolds = openHolds;
    this.endedHolds = endedHolds;
    this.prunedBeforeMs = prunedBeforeMs;
    this.position = position;
    this.changes = changes;
  }

  /** The products that must be published before the command's answers are given. */
  Map<String, ProductRow> visible() {
    return visible;
  }

  /**
   * An answer describes this product as it is now, so it must be published before the answer is
   * given. This holds even if the command did not change the product: the change that the answer
   * describes may come from an earlier command whose leader failed before it published the change.
   */
  void publishBeforeAnswer(String name) {
    ProductRow product = products.get(name);
    if (product != null) {
      visible.put(name, product);
    }
  }

  @Override
  public @Nullable ProductRow product(String name) {
    return products.get(name);
  }

  @Override
  public @Nullable HoldRow openHold(UUID holdId) {
    return openHolds.get(holdId);
  }

  @Override
  public boolean hasEnded(UUID holdId) {
    return endedHolds.endedBefore(holdId, position.index());
  }

  @Override
  public long prunedBeforeMs() {
    return prunedBeforeMs;
  }

  @Override
  public void put(ProductRow product, boolean isVisible) {
    products.put(product.name(), product);
    changes.add(new CatalogRowChange.ProductChanged(product));
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
    endedHolds.add(holdId, position.index());
    changes.add(new CatalogRowChange.Ended(new EndedHold(holdId, settled, position.index())));
  }
}
