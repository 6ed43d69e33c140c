package toystore.toyctl.chaos.check;

import java.time.Duration;

/**
 * How clients behave.
 *
 * @param buy how likely a step is a purchase; the others are reads
 * @param orderReads how many of the reads are of an order that someone was told of
 * @param repeats how many of the purchases are asked for again later, under the same key
 * @param largest most that one purchase asks for
 * @param think pause between two steps
 */
public record ShopperProfile(
    double buy, double orderReads, double repeats, int largest, Duration think) {
  /** Mostly buyers: what is in doubt is orders. */
  public static final ShopperProfile BUYERS =
      new ShopperProfile(0.7, 0.5, 0.05, 3, Duration.ofMillis(10));

  /** Mostly readers, as many as a store has. */
  public static final ShopperProfile READERS =
      new ShopperProfile(0.2, 0.1, 0.05, 3, Duration.ofMillis(5));

  public ShopperProfile thinking(Duration other) {
    return new ShopperProfile(buy, orderReads, repeats, largest, other);
  }
}
