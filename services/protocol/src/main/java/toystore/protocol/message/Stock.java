package toystore.protocol.message;

import java.util.List;

/**
 * The stock of one product. Always {@code stocked = onHand + held + sold} (promise P3).
 *
 * @param stocked all units that were ever added
 * @param onHand the units that can be bought
 * @param held the units that open holds reserve
 * @param version increases by one with each change that clients can see
 */
public record Stock(
    String name, long priceCents, long stocked, long onHand, long held, long sold, long version) {

  /** The stock of all products at one applied index of the catalog log. */
  public record Report(long appliedIndex, List<Stock> stock) {}

  /** The index of an entry at which every catalog replica records its stock and holds. */
  public record Fence(long index) {}

  /**
   * The stock and holds that one catalog replica recorded at a fence.
   *
   * @param openHolds the number of holds that are neither settled nor released
   * @param hash a hash over products and open holds, in lower-case hex. It is the same on all
   *     catalog replicas
   */
  public record Fenced(long index, List<Stock> stock, long openHolds, String hash) {}
}
