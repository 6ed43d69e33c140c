package toystore.protocol.message;

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

  /** The index of an entry at which every catalog keeps what it holds. */
  public record Fence(long index) {}

  /**
   * What one catalog holds at a fence.
   *
   * @param openHolds how many holds are neither settled nor released
   * @param hash over products and open holds, lower-case hex: the same on all catalogs
   */
  public record Fenced(long index, List<Stock> stock, long openHolds, String hash) {}
}
