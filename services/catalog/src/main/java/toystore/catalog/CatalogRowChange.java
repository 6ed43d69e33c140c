package toystore.catalog;

import java.util.List;

/** A change of rows that is to be written to H2. */
sealed interface CatalogRowChange {
  /** The new state of a product. */
  record ProductChanged(ProductRow product) implements CatalogRowChange {}

  /** A new hold. */
  record Opened(HoldRow hold) implements CatalogRowChange {}

  /** A hold that was settled or released. */
  record Ended(EndedHold hold) implements CatalogRowChange {}

  /**
   * The log's time.
   *
   * @param prunedBeforeMs the prune horizon; ended holds that were asked for before it are deleted
   */
  record Time(long nowMs, long prunedBeforeMs) implements CatalogRowChange {}

  /** All products and open holds of another catalog. They replace those of this catalog. */
  record Replaced(List<ProductRow> products, List<HoldRow> openHolds) implements CatalogRowChange {
    public Replaced {
      products = List.copyOf(products);
      openHolds = List.copyOf(openHolds);
    }
  }
}
