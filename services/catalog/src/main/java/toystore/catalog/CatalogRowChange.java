package toystore.catalog;

import java.util.List;

/** A change of one row that applying the log made, on its way into H2. */
sealed interface CatalogRowChange {
  record ProductIs(ProductRow product) implements CatalogRowChange {}

  record Opened(HoldRow hold) implements CatalogRowChange {}

  record Ended(EndedHold hold) implements CatalogRowChange {}

  /**
   * The log's own time.
   *
   * @param prunedBeforeMs ended holds that were asked for before are forgotten
   */
  record Time(long nowMs, long prunedBeforeMs) implements CatalogRowChange {}

  /** All products and open holds, as another catalog has them: the only ones from here on. */
  record Replaced(List<ProductRow> products, List<HoldRow> openHolds) implements CatalogRowChange {
    public Replaced {
      products = List.copyOf(products);
      openHolds = List.copyOf(openHolds);
    }
  }
}
