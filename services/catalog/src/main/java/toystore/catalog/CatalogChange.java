package toystore.catalog;

import java.util.UUID;

/** A change of one row that applying the log made, on its way into H2. */
sealed interface CatalogChange {
  record ProductIs(ProductRow product) implements CatalogChange {}

  record Opened(HoldRow hold) implements CatalogChange {}

  record Ended(UUID holdId, boolean settled) implements CatalogChange {}

  record Time(long nowMs) implements CatalogChange {}

  /** Ended holds with smaller ids are forgotten. */
  record Forgotten(UUID before) implements CatalogChange {}
}
