package toystore.catalog;

import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.message.Stock;

/**
 * A product and its stock. The constructor enforces {@code stocked = onHand + held + sold} and that
 * no quantity is negative.
 *
 * @param position the place of the product in listings
 * @param stocked all pieces that were ever stocked
 * @param version increases by one with each change of {@code onHand}
 */
record ProductRow(
    String name,
    int position,
    long priceCents,
    long stocked,
    long onHand,
    long held,
    long sold,
    long version) {

  ProductRow {
    if (onHand < 0 || held < 0 || sold < 0 || stocked != onHand + held + sold) {
      throw new IllegalStateException(
          "the stock of '"
              + name
              + "' would not add up: "
              + stocked
              + " stocked, "
              + onHand
              + " on hand, "
              + held
              + " held, "
              + sold
              + " sold");
    }
  }

  ProductRow hold(int quantity) {
    return with(stocked, onHand - quantity, held + quantity, sold, version + 1);
  }

  ProductRow settle(int quantity) {
    return with(stocked, onHand, held - quantity, sold + quantity, version);
  }

  ProductRow release(int quantity) {
    return with(stocked, onHand + quantity, held - quantity, sold, version + 1);
  }

  ProductRow restockTo(long wanted) {
    return with(stocked + wanted - onHand, wanted, held, sold, version + 1);
  }

  private ProductRow with(
      long newStocked, long newOnHand, long newHeld, long newSold, long newVersion) {
    return new ProductRow(
        name, position, priceCents, newStocked, newOnHand, newHeld, newSold, newVersion);
  }

  Product.Versioned product() {
    return new Product.Versioned(new Product(name, new Price(priceCents), onHand), version);
  }

  Stock stock() {
    return new Stock(name, priceCents, stocked, onHand, held, sold, version);
  }
}
