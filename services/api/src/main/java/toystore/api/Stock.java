package toystore.api;

import java.util.List;

/**
 * The stock of one product; {@code stocked = onHand + held + sold} at all times (promise P3).
 *
 * @param version rises by one with each change of what clients can see
 */
public record Stock(
    String name, long priceCents, long stocked, long onHand, long held, long sold, long version) {

  /** All products at one applied index of the catalog's log. */
  public record Report(long appliedIndex, List<Stock> stock) {}
}
