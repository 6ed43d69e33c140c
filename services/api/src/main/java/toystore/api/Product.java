package toystore.api;

/**
 * A product as clients see it.
 *
 * @param quantity what can be bought now: on hand, without what is held
 */
public record Product(String name, Price price, long quantity) {
  /** A product with its version, which rises by one with each change that clients can see. */
  public record Versioned(Product product, long version) {}
}
